// Maps on the scalp: values of the file's layers as colours, in the shade of the skin.
export function makePaint(scalp, plan) {
  const skin = scalp.rgba
  const glass = plan.look.glass.rgb
  const kept = new Map([['none', bare(skin)]])
  return (id) => {
    if (!kept.has(id)) {
      const k = plan.maps.findIndex((map) => map.id === id)
      kept.set(id, painted(scalp.layers[k], plan.maps[k], skin, glass))
    }
    return kept.get(id)
  }
}

function bare(skin) {
  const rgb = new Uint8Array((skin.length / 4) * 3)
  for (let i = 0; i < rgb.length; i++) rgb[i] = skin[i + Math.floor(i / 3)]
  return rgb
}

function painted(values, { low, high, table }, skin, glass) {
  const rgb = bare(skin)
  const last = table.length / 3 - 1
  for (let v = 0; v < values.length; v++) {
    if (Number.isNaN(values[v])) continue
    const share = Math.min(1, Math.max(0, (values[v] - low) / (high - low)))
    const entry = 3 * Math.round(share * last)
    for (let k = 0; k < 3; k++) rgb[3 * v + k] = Math.min(255, (table[entry + k] * rgb[3 * v + k]) / (255 * glass[k]))
  }
  return rgb
}
