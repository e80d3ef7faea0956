// The records of a time range, requested once the user has stopped typing.
import { ask, useEffect, useState } from "../../lib/index.js";

export function useRange(asked, when) {
  const [found, set] = useState({});
  const key = JSON.stringify(asked);
  useEffect(() => {
    if (!when) return undefined;
    let gone = false;
    const timer = setTimeout(() => {
      ask("logs.search", asked).then(
        (data) => gone || set({ data }),
        (error) => gone || set({ error }),
      );
    }, 300);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, when]);
  return when ? found : {};
}
