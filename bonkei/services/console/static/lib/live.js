// What the server says: topics live over one stream of events, and actions.
import { shared, useEffect, useState } from "./ui.js";

export const connection = shared("connecting"); // connecting | open | lost
const topics = new Map(); // key → { state, listeners }
let stream = null;
let streamed = "";
let pending = 0;

function keyOf(name, query) {
  const text = new URLSearchParams(
    Object.entries(query || {}).filter(([, value]) => value !== undefined && value !== ""),
  ).toString();
  return text ? `${name}?${text}` : name;
}

// The topic live: `data` is undefined until it comes, `error` { message, remedy } where it cannot be
// shown, `stale` while the server does not answer. `when` false: look away.
export function useTopic(name, query, when = true) {
  const key = when ? keyOf(name, query) : "";
  const [seen, see] = useState({ key, state: topics.get(key)?.state });
  useEffect(() => {
    if (!key) return undefined;
    let topic = topics.get(key);
    if (!topic) topics.set(key, (topic = { state: undefined, listeners: new Set() }));
    const listener = (state) => see({ key, state });
    topic.listeners.add(listener);
    see({ key, state: topic.state });
    follow();
    return () => {
      topic.listeners.delete(listener);
      follow();
    };
  }, [key]);
  const lost = connection.use() === "lost";
  const state = seen.key === key ? seen.state : topics.get(key)?.state;
  const error = state?.error ? { message: state.error, remedy: state.remedy } : undefined;
  return { data: state?.data, error, stale: lost };
}

// A topic that changes only with the definitions: asked for once, and again after an apply.
export function useOnce(name, query, when = true) {
  const { data: overview, stale } = useTopic("overview");
  const key = when ? keyOf(name, query) : "";
  const [seen, see] = useState({});
  useEffect(() => {
    let gone = false;
    if (key && overview) {
      ask(name, query).then(
        (data) => gone || see({ key, data }),
        (error) => gone || see({ key, error }),
      );
    }
    return () => (gone = true);
  }, [key, overview?.version]);
  return seen.key === key ? { ...seen, stale } : { stale };
}

// The stream has all topics that are looked at; while the tab is hidden there is none.
function follow() {
  clearTimeout(pending);
  pending = setTimeout(connect, 10);
}

function connect() {
  for (const [key, topic] of topics) if (!topic.listeners.size) topics.delete(key);
  const wanted = document.hidden ? "" : [...topics.keys()].sort().map(encodeURIComponent).join("&topic=");
  if (wanted === streamed && stream?.readyState !== EventSource.CLOSED) return;
  stream?.close();
  stream = null;
  streamed = wanted;
  if (!wanted) return;
  const own = (stream = new EventSource(`/live?topic=${wanted}`));
  own.onopen = () => connection.set("open");
  own.onmessage = (event) => hear(JSON.parse(event.data));
  own.onerror = () => {
    connection.set("lost");
    if (own.readyState === EventSource.CLOSED && own === stream) setTimeout(follow, 2000);
  };
}

function hear(message) {
  const topic = topics.get(message.topic);
  if (!topic) return;
  topic.state = message;
  for (const listener of topic.listeners) listener(message);
}

document.addEventListener("visibilitychange", follow);
addEventListener("online", follow);

// A topic once, for data that need not be live. Throws { message, remedy }.
export async function ask(name, query) {
  const [topic, text] = keyOf(name, query).split("?");
  return answerOf(await fetch(`/data/${topic}${text ? `?${text}` : ""}`));
}

// An action; its result, or throws { message, remedy }.
export async function act(name, body = {}) {
  const sent = fetch(`/do/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Bonkei": "1" },
    body: JSON.stringify(body),
  });
  let answer;
  try {
    answer = await sent;
  } catch {
    throw new Failure("the miniature does not answer", "");
  }
  return answerOf(answer, true);
}

export class Failure extends Error {
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

async function answerOf(answer, bare = false) {
  const found = await answer.json();
  if (!answer.ok || (!bare && found.error)) throw new Failure(found.error, found.remedy);
  return bare ? found : found.data;
}
