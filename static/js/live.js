// The live state of a cluster asks its nodes again every ten seconds: not for a page that nobody looks at.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.target instanceof Element && event.target.id === "live") event.preventDefault();
});
