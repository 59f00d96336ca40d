"""A multipart form as it arrives: fields are kept, the one file's bytes are handed on at once. Reads no request itself.

FastAPI's own form would first put a whole installer into the machine's temporary folder, which may be memory.
"""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.domain.errors import Invalid

MAX_FIELD = 64 * 1024  # bytes
MAX_FIELDS = 32


class Multipart:
    """`feed` it the body. `fields` are those that have ended; `file_name` is None until the file begins, "" without a choice."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise _no_form()
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.complete = False
        self._header = (b"", b"")
        self._name = ""
        self._field: bytearray | None = None
        self._file: list[bytes] = []
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._add(data[start:end], b""),
                "on_header_value": lambda data, start, end: self._add(b"", data[start:end]),
                "on_header_end": self._header_ended,
                "on_part_data": self._data,
                "on_part_end": self._ended,
                "on_end": self._whole,
            },
        )

    def feed(self, chunk: bytes) -> bytes:
        """What of the chunk belongs to the file. Raises Invalid for what is no such form, or has fields without measure."""
        try:
            self._parser.write(chunk)
        except FormParserError as no:
            raise _no_form() from no
        data, self._file = b"".join(self._file), []
        return data

    def _begin(self) -> None:
        self._name, self._field = "", bytearray()

    def _add(self, name: bytes, value: bytes) -> None:
        self._header = self._header[0] + name, self._header[1] + value

    def _header_ended(self) -> None:
        (name, value), self._header = self._header, (b"", b"")
        if name.lower() != b"content-disposition":
            return
        _, options = parse_options_header(value)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            if self.file_name is not None:
                raise _no_form()
            self._field = None
            self.file_name = options[b"filename"].decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._file.append(data[start:end])
            return
        self._field += data[start:end]
        if len(self._field) > MAX_FIELD:
            raise _no_form()

    def _ended(self) -> None:
        if self._field is not None:
            self.fields[self._name] = self._field.decode("utf-8", "replace")
            if len(self.fields) > MAX_FIELDS:
                raise _no_form()

    def _whole(self) -> None:
        self.complete = True


def _no_form() -> Invalid:
    return Invalid(
        "no_form",
        "送信された内容をフォームとして読み取れません。画面を読み直して、もう一度操作してください。",
        "What was sent cannot be read as a form. Reload the page and try again.",
    )
