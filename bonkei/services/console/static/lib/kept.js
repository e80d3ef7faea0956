// The reader's choices that this browser keeps; without storage nothing is kept.
export function kept(name, value) {
  try {
    const key = `bonkei.${name}`;
    if (value === undefined) return localStorage.getItem(key) || "";
    localStorage.setItem(key, value);
  } catch {
    // private windows may have no storage
  }
  return value ?? "";
}
