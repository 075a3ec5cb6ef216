// MZ3, the mesh format of Surfice and NiiVue (view/mz3.py writes it).
const MAGIC = 23117
const [FACES, VERTICES, RGBA, LAYERS] = [1, 2, 4, 8]

export function readMz3(bytes) {
  const head = new DataView(bytes.buffer, bytes.byteOffset, 16)
  if (head.getUint16(0, true) !== MAGIC) throw new Error('not an MZ3 mesh')
  const has = head.getUint16(2, true)
  const [faces, vertices] = [head.getUint32(4, true), head.getUint32(8, true)]
  let at = bytes.byteOffset + 16 + head.getUint32(12, true)
  const take = (bit, Kind, count) => {
    if (!(has & bit)) return null
    const size = count * Kind.BYTES_PER_ELEMENT
    const array = new Kind(bytes.buffer.slice(at, at + size))
    at += size
    return array
  }
  const mesh = {
    faces: take(FACES, Uint32Array, 3 * faces),
    xyz: take(VERTICES, Float32Array, 3 * vertices),
    rgba: take(RGBA, Uint8Array, 4 * vertices),
    layers: [],
  }
  const end = bytes.byteOffset + bytes.length
  while (has & LAYERS && at + 4 * vertices <= end) mesh.layers.push(take(LAYERS, Float32Array, vertices))
  return mesh
}
