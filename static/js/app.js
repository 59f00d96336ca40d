// Starts what a page needs. Every page works without any of it.
import { startBells } from "./bells.js";
import { startForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { startOutputs } from "./output.js";
import { refreshAll, refreshFor, startRefresh } from "./refresh.js";
import { startUploads } from "./upload.js";

document.body.dataset.scripted = "";
startRefresh();
startForms();
startKeys();
startOutputs();
startUploads();
if ("signedIn" in document.body.dataset) startBells({ rang: refreshFor, everything: refreshAll });
