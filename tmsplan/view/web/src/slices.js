// Three linked slices on plain canvases: they work where WebGL does not.
import { sampleGrid } from './nifti.js'
import { makeSections } from './sections.js'

const PLANES = [
  { id: 'axial', across: 0, up: 1, through: 2, top: 'A' },
  { id: 'coronal', across: 0, up: 2, through: 1, top: 'S' },
  { id: 'sagittal', across: 1, up: 2, through: 0, top: 'S' },
]
const BRIGHT = 0.86 // so that lines stand out from white matter
const INK = { cross: 'rgba(255,191,0,.85)', axis: '#19c28f', pial: 'rgba(255,196,60,.9)', white: 'rgba(150,190,255,.5)', scalp: 'rgba(120,200,220,.55)', letter: '#ffffff', cloud: 'rgba(255,207,26,.45)' }
const AIR_MM = 8
const BELOW_MM = 26
const CLOSE_MM = 70
const CLOUD_MM = 2.5 // dots farther from the slice than this are not of it
const NEAR_MM = 12 // farther from the slice than this, the coil's axis is drawn faint

export function makeSlices(state, plan, drawn, cortex, colours) {
  const scene = { plan, drawn, colours, section: makeSections(), extent: extentOf(drawn) }
  const panes = PLANES.map((plane) => makePane(plane, scene, state))
  const drawAll = () => panes.forEach((pane) => pane.draw(state.get()))
  state.onChange((_, changed) => {
    if (['cursor', 'target', 'threshold', 'convention', 'close', 'cloud'].some((k) => k in changed)) drawAll()
  })
  new ResizeObserver(drawAll).observe(document.getElementById('slices'))
}

function extentOf({ left, right, scalp }) {
  const low = [Infinity, Infinity, Infinity]
  const high = [-Infinity, -Infinity, -Infinity]
  for (const mesh of [left, right, scalp]) {
    mesh?.xyz.forEach((value, i) => {
      low[i % 3] = Math.min(low[i % 3], value - AIR_MM)
      high[i % 3] = Math.max(high[i % 3], value + AIR_MM)
    })
  }
  // The neck and the chin would make the brain small.
  low[2] = Math.max(low[2], lowest([left, right]) - BELOW_MM)
  return { low, high }
}

function lowest(meshes) {
  let low = Infinity
  for (const { xyz } of meshes) for (let i = 2; i < xyz.length; i += 3) low = Math.min(low, xyz[i])
  return low
}

function makePane(plane, scene, state) {
  const canvas = document.getElementById(`slice-${plane.id}`)
  const ink = canvas.getContext('2d')
  const store = { buffer: document.createElement('canvas') }
  let frame = null
  const draw = (values) => {
    frame = frameOf(canvas, plane, scene.extent, values)
    if (!frame) return
    drawImage(ink, frame, plane, scene, values, store)
    drawSections(ink, frame, plane, scene, values)
    drawCloud(ink, frame, plane, values)
    drawAxis(ink, frame, plane, values)
    drawTargets(ink, frame, plane, scene.plan, values)
    drawCross(ink, frame, plane, values.cursor)
    drawLetters(ink, frame, plane, values, scene.plan.words)
  }
  const moveTo = (event) => {
    const box = canvas.getBoundingClientRect()
    const ratio = canvas.width / box.width
    const cursor = [...state.get().cursor]
    cursor[plane.across] = frame.acrossOf((event.clientX - box.left) * ratio)
    cursor[plane.up] = frame.upOf((event.clientY - box.top) * ratio)
    state.set({ cursor, probing: true })
  }
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    moveTo(event)
  })
  canvas.addEventListener('pointermove', (event) => { if (event.buttons) moveTo(event) })
  canvas.addEventListener('keydown', (event) => stepBy(event, plane, frame, state))
  return { draw }
}

// Arrow keys move the crosshair in the slice by 1 mm (10 with Shift), PageUp and PageDown through it.
function stepBy(event, plane, frame, state) {
  const step = event.shiftKey ? 10 : 1
  const moves = {
    ArrowLeft: [plane.across, -step * frame.sign],
    ArrowRight: [plane.across, step * frame.sign],
    ArrowUp: [plane.up, step],
    ArrowDown: [plane.up, -step],
    PageUp: [plane.through, step],
    PageDown: [plane.through, -step],
  }
  const move = moves[event.key]
  if (!move) return
  event.preventDefault()
  const cursor = [...state.get().cursor]
  cursor[move[0]] += move[1]
  state.set({ cursor, probing: true })
}

// Which millimetre is at which pixel of a canvas.
function frameOf(canvas, plane, { low, high }, values) {
  const box = canvas.getBoundingClientRect()
  if (box.width < 8 || box.height < 8) return null
  const ratio = Math.min(2, window.devicePixelRatio || 1)
  const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)]
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const { across, up } = plane
  const [w, h] = values.close ? [CLOSE_MM, CLOSE_MM] : [high[across] - low[across], high[up] - low[up]]
  const scale = Math.min(width / w, height / h)
  const middle = (k) => (values.close ? values.cursor[k] : (low[k] + high[k]) / 2)
  const [cx, cy] = [middle(across), middle(up)]
  // Neurological: the patient's left at the left; radiological mirrors it.
  const sign = across === 0 && values.convention === 'radiological' ? -1 : 1
  return {
    width, height, scale, sign, ratio,
    x: (mm) => width / 2 + sign * (mm - cx) * scale,
    y: (mm) => height / 2 - (mm - cy) * scale,
    acrossOf: (px) => cx + (sign * (px - width / 2)) / scale,
    upOf: (px) => cy - (px - height / 2) / scale,
  }
}

function drawImage(ink, frame, plane, { drawn }, values, store) {
  const { width, height } = frame
  ink.fillStyle = '#000'
  ink.fillRect(0, 0, width, height)
  if (!drawn.t1) return
  const pixels = Math.max(1, Math.round(0.5 * frame.scale)) // samples half a millimetre apart
  const [columns, rows] = [Math.ceil(width / pixels), Math.ceil(height / pixels)]
  const corner = [0, 0, 0]
  corner[plane.across] = frame.acrossOf(pixels / 2)
  corner[plane.up] = frame.upOf(pixels / 2)
  corner[plane.through] = values.cursor[plane.through]
  const step = pixels / frame.scale
  const [right, down] = [[0, 0, 0], [0, 0, 0]]
  right[plane.across] = step * frame.sign
  down[plane.up] = -step
  if (store.grey?.length !== columns * rows) {
    store.grey = new Uint8Array(columns * rows)
    store.image = new ImageData(columns, rows)
    store.buffer.width = columns
    store.buffer.height = rows
  }
  sampleGrid(drawn.t1, corner, right, down, columns, rows, store.grey)
  const rgba = new Uint32Array(store.image.data.buffer)
  for (let p = 0; p < rgba.length; p++) rgba[p] = 0xff000000 | (Math.round(store.grey[p] * BRIGHT) * 0x10101)
  store.buffer.getContext('2d').putImageData(store.image, 0, 0)
  ink.imageSmoothingEnabled = true
  ink.drawImage(store.buffer, 0, 0, columns * pixels, rows * pixels)
}

function drawSections(ink, frame, plane, { plan, drawn, colours, section }, values) {
  const at = values.cursor[plane.through]
  const thin = Math.max(1, frame.ratio)
  if (drawn.scalp) stroke(ink, frame, section('scalp', drawn.scalp, drawn.scalp.xyz, plane.through, at), INK.scalp, thin)
  for (const side of ['left', 'right']) {
    const mesh = drawn[side]
    const white = drawn[`${side}White`]
    if (white) stroke(ink, frame, section(`${side}-white`, mesh, white.xyz, plane.through, at), INK.white, thin)
    const lines = section(side, mesh, mesh.xyz, plane.through, at)
    stroke(ink, frame, lines, INK.pial, thin)
    strokeUnusual(ink, frame, lines, mesh.layers[plan.layers.indexOf('z')], values.threshold, colours)
  }
}

function stroke(ink, frame, lines, colour, width) {
  ink.strokeStyle = colour
  ink.lineWidth = width
  ink.beginPath()
  for (let k = 0; k < lines.length; k += 5) addLine(ink, frame, lines, k)
  ink.stroke()
}

// Cortex beyond the threshold, in the colours of the legend.
function strokeUnusual(ink, frame, lines, z, threshold, colours) {
  const groups = new Map()
  for (let k = 0; k < lines.length; k += 5) {
    const value = z[lines[k + 4]]
    if (!(Math.abs(value) >= threshold)) continue
    const index = colours.index(value)
    if (!groups.has(index)) groups.set(index, [])
    groups.get(index).push(k)
  }
  ink.lineWidth = 3.2 * frame.ratio
  ink.lineCap = 'round'
  for (const [index, at] of groups) {
    ink.strokeStyle = colours.css(index)
    ink.beginPath()
    for (const k of at) addLine(ink, frame, lines, k)
    ink.stroke()
  }
}

function addLine(ink, frame, lines, k) {
  ink.moveTo(frame.x(lines[k]), frame.y(lines[k + 1]))
  ink.lineTo(frame.x(lines[k + 2]), frame.y(lines[k + 3]))
}

function drawAxis(ink, frame, plane, { target, cursor }) {
  if (!target) return
  const { across, up, through } = plane
  const out = target.scalp.map((v, k) => v + 22 * target.outward[k])
  ink.globalAlpha = Math.abs(target.point[through] - cursor[through]) > NEAR_MM ? 0.35 : 1
  ink.strokeStyle = INK.axis
  ink.lineWidth = 2 * frame.ratio
  ink.beginPath()
  ink.moveTo(frame.x(out[across]), frame.y(out[up]))
  ink.lineTo(frame.x(target.point[across]), frame.y(target.point[up]))
  ink.stroke()
  ink.globalAlpha = 1
}

// Where resampled data put the target, as far as that lies in or near the slice.
function drawCloud(ink, frame, plane, { target, cursor, cloud }) {
  if (!cloud || !target) return
  ink.fillStyle = INK.cloud
  for (const point of target.cloud) {
    if (Math.abs(point[plane.through] - cursor[plane.through]) > CLOUD_MM) continue
    ink.beginPath()
    ink.arc(frame.x(point[plane.across]), frame.y(point[plane.up]), 1.9 * frame.ratio, 0, 7)
    ink.fill()
  }
}

function drawTargets(ink, frame, plane, plan, { target, cursor }) {
  for (const one of plan.targets) {
    const away = Math.abs(one.point[plane.through] - cursor[plane.through])
    if (away > 5 && one !== target) continue
    ink.globalAlpha = away > 5 ? 0.4 : 1
    ink.fillStyle = one.kind === 'coupling' ? '#ffcf1a' : '#b79bff'
    ink.beginPath()
    ink.arc(frame.x(one.point[plane.across]), frame.y(one.point[plane.up]), 3.2 * frame.ratio, 0, 7)
    ink.fill()
    ink.globalAlpha = 1
  }
}

function drawCross(ink, frame, plane, cursor) {
  const [x, y] = [frame.x(cursor[plane.across]), frame.y(cursor[plane.up])]
  const gap = 7 * frame.ratio
  ink.strokeStyle = INK.cross
  ink.lineWidth = frame.ratio
  ink.beginPath()
  for (const [x1, y1, x2, y2] of [[x, 0, x, y - gap], [x, y + gap, x, frame.height], [0, y, x - gap, y], [x + gap, y, frame.width, y]]) {
    ink.moveTo(x1, y1)
    ink.lineTo(x2, y2)
  }
  ink.stroke()
}

function drawLetters(ink, frame, plane, values, words) {
  const { width, height, ratio } = frame
  const write = (text, x, y, size, align) => {
    ink.font = `700 ${size * ratio}px system-ui, sans-serif`
    ink.textAlign = align
    ink.textBaseline = 'middle'
    ink.lineWidth = 3 * ratio
    ink.strokeStyle = 'rgba(0,0,0,.8)'
    ink.strokeText(text, x, y)
    ink.fillStyle = INK.letter
    ink.fillText(text, x, y)
  }
  const ends = plane.across === 0 ? [words.L, words.R] : [words.P, words.A]
  if (frame.sign < 0) ends.reverse()
  const large = plane.across === 0 ? 18 : 13
  write(ends[0], 6 * ratio, height / 2, large, 'left')
  write(ends[1], width - 6 * ratio, height / 2, large, 'right')
  write(words[plane.top], width / 2, 11 * ratio, 13, 'center')
  write(`${'xyz'[plane.through]} ${values.cursor[plane.through].toFixed(1)}`, 6 * ratio, height - 10 * ratio, 11, 'left')
}
