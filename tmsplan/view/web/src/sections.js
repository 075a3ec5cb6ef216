// Where a mesh meets a plane x, y or z = const: segments, and the vertex that colours each.
// Flat numbers throughout: this runs over every triangle whenever the crosshair moves.
export function sectionOf(mesh, xyz, axis, at) {
  const { faces } = mesh
  const u = axis === 0 ? 1 : 0
  const v = axis === 2 ? 1 : 2
  const lines = []
  const cross = (i, hi, j, hj) => {
    if (hi > 0 === hj > 0) return
    const share = hi / (hi - hj)
    lines.push(xyz[i + u] + share * (xyz[j + u] - xyz[i + u]), xyz[i + v] + share * (xyz[j + v] - xyz[i + v]))
  }
  for (let t = 0; t < faces.length; t += 3) {
    const a = 3 * faces[t]
    const b = 3 * faces[t + 1]
    const c = 3 * faces[t + 2]
    const ha = xyz[a + axis] - at
    const hb = xyz[b + axis] - at
    const hc = xyz[c + axis] - at
    if (ha > 0 === hb > 0 && hb > 0 === hc > 0) continue
    cross(a, ha, b, hb)
    cross(b, hb, c, hc)
    cross(c, hc, a, ha)
    lines.push(faces[t])
  }
  return lines
}

// Remembers the last section of each mesh and axis: most moves change one or two of three.
export function makeSections() {
  const kept = new Map()
  return (key, mesh, xyz, axis, at) => {
    const found = kept.get(`${key}${axis}`)
    if (found?.at === at) return found.lines
    const lines = sectionOf(mesh, xyz, axis, at)
    kept.set(`${key}${axis}`, { at, lines })
    return lines
  }
}
