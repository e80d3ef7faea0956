// How good a response's status is. None means that the client left.
export const kindOfStatus = (status) => (status >= 500 ? "bad" : status >= 400 || !status ? "warn" : "good");
