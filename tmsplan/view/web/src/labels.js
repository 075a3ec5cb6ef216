// Words over the 3D view: the patient's L and R, the letters of the targets, where one looks from.
import { Vector3 } from 'three'

const LETTER_SINE = 0.35 // below, left and right lie along the line of sight
const GAP = 34 // pixels between head and letter
const EDGE = 22
const FACING = 0.12
const NAMED = 0.3 // components smaller than this are not said

export function makeLabels(box, plan, scalp) {
  const add = (className, text) => {
    const element = document.createElement('span')
    element.className = className
    element.textContent = text
    element.setAttribute('aria-hidden', 'true')
    box.append(element)
    return element
  }
  const sides = { left: add('side-letter', plan.words.L), right: add('side-letter', plan.words.R) }
  const tags = plan.targets.map((t) => ({ target: t, element: add(`tag ${t.kind}`, t.badge) }))
  const named = [
    ...plan.sites.map((s) => ({ key: 'sites', point: new Vector3(...s.point), element: add('site', s.name) })),
    ...plan.landmarks.map((l) => ({ key: 'landmarks', point: new Vector3(...l.point), element: add('site landmark', l.name) })),
  ]
  const outline = sampled(scalp)
  const axes = Object.fromEntries(['right', 'front', 'up', 'centre', 'middle'].map((k) => [k, new Vector3(...plan.head[k])]))
  const caption = document.getElementById('seen-from')
  return (camera, state) => {
    const toPixel = (v) => { const p = v.clone().project(camera); return [((p.x + 1) / 2) * box.clientWidth, ((1 - p.y) / 2) * box.clientHeight] }
    const towards = camera.position.clone().sub(axes.centre).normalize()
    placeSides(sides, { axes, towards, toPixel, outline, box, target: state.target })
    for (const tag of tags) placeTag(tag, { camera, toPixel, state })
    for (const one of named) placeName(one, { axes, camera, toPixel, shown: state[one.key] })
    caption.textContent = plan.words.seen.replace('{where}', seenFrom(axes, camera, plan.words))
  }
}

function sampled(mesh) {
  const points = []
  const step = Math.max(1, Math.floor(mesh.xyz.length / 3 / 700))
  for (let i = 0; i < mesh.xyz.length; i += 3 * step) points.push(new Vector3(mesh.xyz[i], mesh.xyz[i + 1], mesh.xyz[i + 2]))
  return points
}

function put(element, [x, y], shown = true) {
  element.style.visibility = shown ? 'visible' : 'hidden'
  element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`
}

// Both letters stand off the head on the line through the target from the patient's left to
// right; the far one is moved out until the target is nearer to its own letter. The same rule as
// view/camera.py: a left target beside an R would be read as right.
function placeSides(sides, { axes, towards, toPixel, outline, box, target }) {
  const sine = Math.sqrt(Math.max(0, 1 - towards.dot(axes.right) ** 2))
  const anchor = target ? new Vector3(...target.point) : axes.centre
  const offMiddle = anchor.clone().sub(axes.middle).dot(axes.right)
  const foot = anchor.clone().addScaledVector(axes.right, -offMiddle)
  const [fx, fy] = toPixel(foot)
  const [rx, ry] = toPixel(foot.clone().addScaledVector(axes.right, 10))
  const seen = Math.hypot(rx - fx, ry - fy)
  const shown = sine > LETTER_SINE && seen > 0.1
  if (!shown) {
    for (const side of ['left', 'right']) put(sides[side], [0, 0], false)
    return
  }
  const [dx, dy] = [(rx - fx) / seen, (ry - fy) / seen]
  let [leftOut, rightOut] = [0, 0]
  for (const point of outline) {
    const [x, y] = toPixel(point)
    if (Math.abs(-(x - fx) * dy + (y - fy) * dx) > 1.5 * GAP) continue
    const along = (x - fx) * dx + (y - fy) * dy
    leftOut = Math.max(leftOut, -along)
    rightOut = Math.max(rightOut, along)
  }
  const [tx, ty] = toPixel(anchor)
  const offset = (tx - fx) * dx + (ty - fy) * dy
  leftOut += GAP
  rightOut += GAP
  if (offset < 0) rightOut = Math.max(rightOut, leftOut + 2 * offset + GAP)
  else leftOut = Math.max(leftOut, rightOut - 2 * offset + GAP)
  put(sides.left, inside([fx - dx * leftOut, fy - dy * leftOut], box))
  put(sides.right, inside([fx + dx * rightOut, fy + dy * rightOut], box))
}

// Inside the box, and above the legend in its lower left corner.
function inside([x, y], { clientWidth, clientHeight, nextElementSibling }) {
  const legend = nextElementSibling
  const floor = x < legend.offsetLeft + legend.offsetWidth + EDGE ? legend.offsetHeight + EDGE : 0
  const clamp = (v, most) => Math.min(most - EDGE, Math.max(EDGE, v))
  return [clamp(x, clientWidth), clamp(y, clientHeight - floor)]
}

// Names of places on the scalp that look this way; those on the far side would lie over it.
function placeName({ point, element }, { axes, camera, toPixel, shown }) {
  if (!shown) return put(element, [0, 0], false)
  const outward = point.clone().sub(axes.centre).normalize()
  const facing = camera.position.clone().sub(point).normalize().dot(outward) > FACING
  const [x, y] = toPixel(point)
  put(element, [x, y - 10], facing)
}

function placeTag({ target, element }, { camera, toPixel, state }) {
  const painted = state.map !== 'none' // skin hides the cortex: the letter goes to the scalp point
  const place = new Vector3(...(painted ? target.scalp : target.marker))
  const behind = camera.position.clone().sub(place).normalize().dot(new Vector3(...target.outward)) < -0.1
  const [x, y] = toPixel(place)
  put(element, painted ? [x, y] : [x + 17, y - 15], painted ? !behind : state.scalp !== 'solid')
  element.classList.toggle('behind', behind)
  element.classList.toggle('chosen', target === state.target)
}

function seenFrom(axes, camera, words) {
  const look = new Vector3()
  camera.getWorldDirection(look).negate()
  const parts = [
    [look.dot(axes.right), words.right, words.left],
    [look.dot(axes.front), words.front, words.back],
    [look.dot(axes.up), words.above, words.below],
  ]
  return parts
    .filter(([v]) => Math.abs(v) > NAMED)
    .sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]))
    .map(([v, positive, negative]) => (v > 0 ? positive : negative))
    .join(', ')
}
