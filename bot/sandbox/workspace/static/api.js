// The control API: everything a person does goes through here, and nothing else talks to the server.

import { t } from "./language.js";

const RETRY_MS = 2000;

async function request(method, path, body) {
  const isForm = body instanceof FormData;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined || isForm ? {} : { "Content-Type": "application/json" },
      body: body === undefined || isForm ? body : JSON.stringify(body),
    });
  } catch {
    return { error: t("The local workspace does not answer. Is it still running?") };
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok && !answer.error) answer.error = t("The workspace answered {status}.", { status: response.status });
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
  /** Upload one file of the person's; answers `{files: [file]}`. */
  upload: (user, file) => {
    const form = new FormData();
    form.append("file", file, file.name);
    return request("POST", `/control/people/${user}/files`, form);
  },
};

/** `heard({changed, user, channel})` is told of everything that happens, `lost(true | false)` when the line goes or comes. */
export function listen(heard, lost) {
  const source = new EventSource("/control/events");
  source.onmessage = (event) => heard(JSON.parse(event.data));
  source.onopen = () => lost(false);
  source.onerror = () => {
    lost(true);
    // The browser connects again by itself, unless it got an answer that was no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(heard, lost), RETRY_MS);
  };
}
