// The fixed colour scale of z: one table for the cortex, the slices and the legend.
export function makeColours({ table, limit, fade }) {
  const entries = table.length / 3
  const index = (z) => Math.round(Math.min(1, Math.max(0, z / limit / 2 + 0.5)) * (entries - 1))
  return {
    table: Uint8Array.from(table),
    entries,
    limit,
    fade,
    index,
    css: (i) => `rgb(${table[3 * i]},${table[3 * i + 1]},${table[3 * i + 2]})`,
  }
}
