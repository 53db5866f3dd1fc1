// The control API: everything a person does goes through here, and nothing else talks to the server.

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    return { error: "The local workspace does not answer. Is it still running?" };
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok && !answer.error) answer.error = `The workspace answered ${response.status}.`;
  return answer;
}

const get = (path, query = {}) => {
  const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(known).toString();
  return request("GET", text ? `${path}?${text}` : path);
};

export const api = {
  people: () => get("/control/people"),
  commands: () => get("/control/commands"),
  channels: (user) => get("/control/channels", { user }),
  messages: (channel, user) => get(`/control/channels/${encodeURIComponent(channel)}/messages`, { user }),
  screen: (user) => get(`/control/people/${user}/screen`),
  options: (user, query) => get(`/control/people/${user}/options`, query),
  log: (after) => get("/control/log", { after }),
  reset: () => request("POST", "/control/reset", {}),
  /** One of command, message, shortcut, press, input, submit, close, home. */
  act: (user, what, body = {}) => request("POST", `/control/people/${user}/${what}`, body),
};

/** `heard({changed, user, channel})` is told of everything that happens, `lost(true | false)` when the line goes or comes. */
export function listen(heard, lost) {
  const source = new EventSource("/control/events");
  source.onmessage = (event) => heard(JSON.parse(event.data));
  source.onopen = () => lost(false);
  source.onerror = () => lost(true);
}
