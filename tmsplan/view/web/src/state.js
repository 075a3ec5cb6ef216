// What the reader has chosen, and who wants to know when it changes.
export function makeState(values) {
  const listeners = []
  return {
    get: () => values,
    set(changed) {
      values = { ...values, ...changed }
      for (const listener of listeners) listener(values, changed)
    },
    onChange(listener) {
      listeners.push(listener)
      listener(values, values)
    },
  }
}
