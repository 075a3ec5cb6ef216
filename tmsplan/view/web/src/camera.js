// Where one looks from: the six views, turning by mouse, finger and keys.
import { PerspectiveCamera, Vector3 } from 'three'
import { TrackballControls } from 'three/examples/jsm/controls/TrackballControls.js'

const ANGLE_DEG = 24
const ROOM = 1.16 // the coil stands out from the head
const CLOSER = 0.92 // the coil's eye needs no room beside the head
const TURN = Math.PI / 18

export function makeCamera(canvas, plan, reach, redraw) {
  const camera = new PerspectiveCamera(ANGLE_DEG, 1, 100, 3000)
  const axes = Object.fromEntries(['right', 'front', 'up', 'centre'].map((k) => [k, new Vector3(...plan.head[k])]))
  const controls = new TrackballControls(camera, canvas)
  Object.assign(controls, { staticMoving: true, rotateSpeed: 3, minDistance: 150, maxDistance: 2500 })
  controls.addEventListener('change', redraw)
  let waiting = false
  const update = () => {
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => { waiting = false; controls.update() })
  }
  for (const name of ['pointerdown', 'pointermove', 'pointerup', 'wheel']) canvas.addEventListener(name, update, { passive: true })
  const look = (from, centre, up, room = ROOM) => {
    const half = (ANGLE_DEG * Math.PI) / 360
    const across = Math.atan(Math.tan(half) * Math.min(1, camera.aspect))
    controls.target.copy(centre)
    camera.up.copy(up)
    camera.position.copy(centre).addScaledVector(from.clone().normalize(), (room * reach) / Math.sin(across))
    controls.update()
    redraw()
  }
  canvas.addEventListener('keydown', (event) => turnByKey(event, camera, controls, redraw))
  return {
    camera,
    resize(width, height) {
      camera.aspect = width / height
      camera.updateProjectionMatrix()
      controls.handleResize()
    },
    show(view, target) { look(...placeOf(view, target, axes)) },
  }
}

function placeOf(view, target, { right, front, up, centre }) {
  const mix = (r, f, u) => new Vector3().addScaledVector(right, r).addScaledVector(front, f).addScaledVector(up, u)
  if (view === 'coil' && target) {
    const [y, z] = [1, 2].map((k) => new Vector3(...target.matrix.slice(0, 3).map((row) => row[k])))
    return [z.negate(), new Vector3(...target.scalp).lerp(centre, 0.25), y, CLOSER] // handle at the bottom
  }
  if (view === 'oblique' && target) return [new Vector3(...target.oblique), centre, up]
  const from = { left: mix(-1, 0.04, 0.1), right: mix(1, 0.04, 0.1), front: mix(0, 1, 0.1), top: mix(0, -0.02, 1) }
  return [from[view] ?? mix(-0.7, 0.7, 0.4), centre, view === 'top' ? front : up]
}

// Arrow keys turn the head, + and - come nearer and go away.
function turnByKey(event, camera, controls, redraw) {
  const offset = camera.position.clone().sub(controls.target)
  const aside = new Vector3().crossVectors(camera.up, offset).normalize()
  const turns = { ArrowLeft: [camera.up, -TURN], ArrowRight: [camera.up, TURN], ArrowUp: [aside, -TURN], ArrowDown: [aside, TURN] }
  const nearer = { '+': 0.88, '=': 0.88, '-': 1.14 }[event.key]
  const turn = turns[event.key]
  if (!turn && !nearer) return
  event.preventDefault()
  if (turn) {
    offset.applyAxisAngle(turn[0].clone().normalize(), turn[1])
    if (turn[0] === aside) camera.up.applyAxisAngle(aside, turn[1])
  } else offset.multiplyScalar(nearer)
  camera.position.copy(controls.target).add(offset)
  camera.lookAt(controls.target)
  controls.update()
  redraw()
}
