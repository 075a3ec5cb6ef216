// The parts of the file: facts as JSON, meshes as MZ3, the T1 as NIfTI; gzip in base64.
import { readMz3 } from './mz3.js'
import { readNifti } from './nifti.js'

export const facts = () => JSON.parse(document.getElementById('facts').textContent)

export async function meshOf(name) {
  const bytes = await block(name)
  return bytes && readMz3(bytes)
}

export async function volumeOf(name) {
  const bytes = await block(name)
  return bytes && readNifti(bytes)
}

async function block(name) {
  const element = document.getElementById(`block-${name}`)
  if (!element) return null
  const text = atob(element.textContent.trim())
  element.remove() // the text is as large as what it holds
  const packed = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i)
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
