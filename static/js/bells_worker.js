// Shared by every tab of one login: holds the one connection (a browser allows six to a server) and passes its bells on.
import { connect } from "./bell_source.js";

const looking = new Map(); // port -> topics that its page looks at
let state = "reconnecting";

const source = connect((message) => {
  if (message.state) state = message.state;
  for (const port of looking.keys()) port.postMessage(message);
});

function update() {
  if (looking.size) source.look([...looking.values()].flat());
  else source.close();
}

self.onconnect = (event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => {
    if (data.bye) looking.delete(port);
    else looking.set(port, data.at);
    update();
    if (!data.bye) port.postMessage({ state });
  };
};
