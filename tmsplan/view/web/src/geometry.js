// Meshes of the file as geometries of the renderer.
import { BufferAttribute, BufferGeometry } from 'three'

export function geometryOf(mesh, layers = {}) {
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(mesh.xyz, 3))
  geometry.setIndex(new BufferAttribute(mesh.faces, 1))
  if (mesh.rgba) {
    const rgb = new Uint8Array((mesh.rgba.length / 4) * 3)
    for (let i = 0, j = 0; i < mesh.rgba.length; i += 4, j += 3) {
      rgb[j] = mesh.rgba[i]
      rgb[j + 1] = mesh.rgba[i + 1]
      rgb[j + 2] = mesh.rgba[i + 2]
    }
    geometry.setAttribute('rgb', new BufferAttribute(rgb, 3, true))
  }
  for (const [name, values] of Object.entries(layers)) geometry.setAttribute(name, new BufferAttribute(values, 1))
  geometry.computeVertexNormals()
  return geometry
}
