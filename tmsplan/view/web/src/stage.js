// The glass head: cortex, scalp, coil, targets. Returns null where there is no WebGL.
import { ColorManagement, LinearSRGBColorSpace, Matrix4, Mesh, Raycaster, Scene, Vector2, WebGLRenderer } from 'three'
import { makeCamera } from './camera.js'
import { makeCoil } from './coil.js'
import { makeDots } from './dots.js'
import { geometryOf } from './geometry.js'
import { makeLabels } from './labels.js'
import { makeMarks } from './marks.js'
import { makePaint } from './paint.js'
import { makeMaterials } from './shaders.js'

const CLICK_PX = 5
const COIL_SHARE = 0.9 // views leave room around the head: the coil may use some of it

export function makeStage(state, plan, drawn, colours) {
  const canvas = document.getElementById('stage')
  const renderer = rendererOf(canvas)
  if (!renderer) return null
  const box = canvas.parentElement
  const scene = new Scene()
  const materials = makeMaterials(plan.look, colours)
  const world = buildWorld(scene, plan, drawn, materials)
  const labels = makeLabels(box, plan, drawn.scalp ?? drawn.left)
  let asked = false
  const draw = () => {
    asked = false
    renderer.render(scene, view.camera)
    labels(view.camera, state.get())
  }
  const redraw = () => { if (!asked) { asked = true; requestAnimationFrame(draw) } }
  const view = makeCamera(canvas, plan, reachOf(drawn, plan), redraw)
  const fit = () => {
    if (!box.clientWidth || !box.clientHeight) return
    renderer.setPixelRatio(Math.min(2, window.devicePixelRatio || 1))
    renderer.setSize(box.clientWidth, box.clientHeight, false)
    view.resize(box.clientWidth, box.clientHeight)
    redraw()
  }
  fit()
  new ResizeObserver(fit).observe(box)
  state.onChange((values, changed) => {
    world.show(values)
    if ('view' in changed || ('target' in changed && ['oblique', 'coil'].includes(values.view))) view.show(values.view, values.target)
    redraw()
  })
  makePick(canvas, view.camera, world.cortex, state)
  draw()
  return { draw }
}

function rendererOf(canvas) {
  // Asked on a canvas of its own: the renderer would shout into the console.
  if (!document.createElement('canvas').getContext('webgl2')) return null
  ColorManagement.enabled = false // colours are display colours, as in VTK
  try {
    const renderer = new WebGLRenderer({ canvas, antialias: true })
    renderer.outputColorSpace = LinearSRGBColorSpace
    renderer.setClearColor(0xffffff)
    return renderer
  } catch {
    return null
  }
}

function buildWorld(scene, plan, drawn, materials) {
  const layer = (mesh, name) => mesh.layers[plan.layers.indexOf(name)]
  const cortex = ['left', 'right'].map((side) => {
    const mesh = drawn[side]
    return new Mesh(geometryOf(mesh, { z: layer(mesh, 'z'), light: layer(mesh, 'light') }), materials.cortex)
  })
  const coil = makeCoil(plan.coil, materials)
  const marks = makeMarks(plan, materials)
  const dots = makeDots(plan)
  scene.add(...cortex, coil.group, marks.group, dots.group)
  const scalp = drawn.scalp && new Mesh(geometryOf(drawn.scalp), materials.scalp(plan.head, plan.coil))
  if (scalp) {
    scalp.renderOrder = 5 // after everything that is seen through it
    scene.add(scalp)
  }
  const paint = scalp && makePaint(drawn.scalp, plan)
  return {
    cortex,
    show(values) {
      const { target } = values
      const painted = materials.cortex.uniforms
      painted.threshold.value = values.threshold
      painted.spread.value.set(...(target?.marker ?? [0, 0, 0]), target?.spread ?? 0)
      if (target) coil.place(target.matrix)
      coil.show(target ? values.coil : 'off')
      marks.show(values)
      dots.show(values)
      if (!scalp) return
      showScalp(scalp, values, materials)
      showMap(scalp, paint(values.map))
    },
  }
}

function showScalp(scalp, { scalp: how, coil, target }, materials) {
  const { material } = scalp
  const solid = how === 'solid'
  scalp.visible = how !== 'off'
  material.uniforms.solid.value = solid
  material.uniforms.phong.value = solid ? materials.phong.skin : materials.phong.glass
  material.uniforms.coilOn.value = coil === 'solid' && Boolean(target)
  material.uniforms.coilFromHead.value = target ? new Matrix4().set(...target.matrix.flat()).invert() : new Matrix4()
  material.depthWrite = solid
  material.transparent = !solid
  scalp.renderOrder = solid ? 0 : 5
}

function showMap({ geometry }, rgb) {
  const { rgb: drawn } = geometry.attributes
  if (drawn.array === rgb) return
  drawn.array = rgb
  drawn.needsUpdate = true
}

// How far anything of the head, and the wings of any target's coil, lie from its centre.
function reachOf({ scalp, left }, plan) {
  const { xyz } = scalp ?? left
  const [x, y, z] = plan.head.centre
  let reach = 0
  for (let i = 0; i < xyz.length; i += 3) reach = Math.max(reach, Math.hypot(xyz[i] - x, xyz[i + 1] - y, xyz[i + 2] - z))
  const wing = plan.coil.wing_x + plan.coil.winding_radii.at(-1)
  for (const { matrix } of plan.targets) {
    for (const side of [-wing, wing]) {
      const [a, b, c] = matrix.map((row) => row[3] + side * row[0])
      reach = Math.max(reach, COIL_SHARE * Math.hypot(a - x, b - y, c - z))
    }
  }
  return reach
}

// A click goes through the scalp and the coil, to the cortex.
function makePick(canvas, camera, cortex, state) {
  const caster = new Raycaster()
  let down = null
  canvas.addEventListener('pointerdown', (event) => { down = [event.clientX, event.clientY] })
  canvas.addEventListener('pointerup', (event) => {
    if (!down || Math.hypot(event.clientX - down[0], event.clientY - down[1]) > CLICK_PX) return
    const box = canvas.getBoundingClientRect()
    const at = new Vector2(((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2)
    caster.setFromCamera(at, camera)
    const [hit] = caster.intersectObjects(cortex)
    if (hit) state.set({ cursor: hit.point.toArray(), probing: true })
  })
}
