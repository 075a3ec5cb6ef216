// The T1: NIfTI-1, uint8, with its sform.
export function readNifti(bytes) {
  const head = new DataView(bytes.buffer, bytes.byteOffset, 348)
  const shape = [1, 2, 3].map((i) => head.getInt16(40 + 2 * i, true))
  const offset = head.getFloat32(108, true)
  const row = (at) => [0, 1, 2, 3].map((k) => head.getFloat32(at + 4 * k, true))
  const affine = [row(280), row(296), row(312)]
  return { shape, affine, inverse: inverseOf(affine), data: bytes.subarray(offset) }
}

// The inverse of a 3 x 4 affine, as 3 x 4.
export function inverseOf([[a, b, c, x], [d, e, f, y], [g, h, i, z]]) {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  const m = [
    [(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
    [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
    [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det],
  ]
  return m.map((r) => [...r, -(r[0] * x + r[1] * y + r[2] * z)])
}

// Trilinear value at each point of a grid in the world: corner + i * right + j * down.
// Flat numbers throughout: this runs for every pixel whenever the crosshair moves.
export function sampleGrid(volume, corner, right, down, columns, rows, out) {
  const { shape: [nx, ny, nz], inverse, data } = volume
  const turn = (v, w) => inverse.map((r) => r[0] * v[0] + r[1] * v[1] + r[2] * v[2] + w * r[3])
  const start = turn(corner, 1)
  const [dx, dy, dz] = turn(right, 0)
  const dj = turn(down, 0)
  const slab = nx * ny
  let p = 0
  for (let j = 0; j < rows; j++) {
    let x = start[0] + j * dj[0]
    let y = start[1] + j * dj[1]
    let z = start[2] + j * dj[2]
    for (let i = 0; i < columns; i++, p++, x += dx, y += dy, z += dz) {
      const u = Math.floor(x)
      const v = Math.floor(y)
      const w = Math.floor(z)
      if (u < 0 || v < 0 || w < 0 || u >= nx - 1 || v >= ny - 1 || w >= nz - 1) {
        out[p] = 0
        continue
      }
      const fx = x - u
      const at = u + nx * v + slab * w
      const a = data[at] + fx * (data[at + 1] - data[at])
      const b = data[at + nx] + fx * (data[at + nx + 1] - data[at + nx])
      const c = data[at + slab] + fx * (data[at + slab + 1] - data[at + slab])
      const d = data[at + slab + nx] + fx * (data[at + slab + nx + 1] - data[at + slab + nx])
      const front = a + (y - v) * (b - a)
      out[p] = front + (z - w) * (c + (y - v) * (d - c) - front)
    }
  }
  return out
}
