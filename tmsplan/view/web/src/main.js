// The page's script: reads what lies in the file, fetches nothing, sends nothing.
import { facts, meshOf, volumeOf } from './blocks.js'
import { makeColours } from './colours.js'
import { makeCortex } from './cortex.js'
import { makePanel } from './panel.js'
import { makePictures } from './pictures.js'
import { makeSlices } from './slices.js'
import { makeStage } from './stage.js'
import { makeState } from './state.js'

const root = document.documentElement
const begun = performance.now()

async function start() {
  root.dataset.ready = 'loading'
  const plan = facts()
  const first = plan.targets[0] ?? null
  const state = makeState({
    target: first,
    cursor: first ? first.point : plan.head?.centre ?? [0, 0, 0],
    probing: false,
    threshold: plan.look?.overlay.threshold ?? 2,
    convention: 'neurological',
    close: false,
    scalp: 'glass',
    coil: 'ghost',
    view: 'oblique',
    map: 'none',
    cloud: true,
    sites: false,
    landmarks: false,
  })
  const drawn = plan.look ? await loadScene() : null
  const cortex = drawn && makeCortex(drawn, plan)
  makePanel(state, plan, cortex)
  if (!drawn) return 'flat'
  const colours = makeColours(plan.look.overlay)
  makeSlices(state, plan, drawn, cortex, colours)
  const stage = makeStage(state, plan, drawn, colours)
  if (!stage) makePictures(state)
  state.set({ target: first })
  return stage ? 'gl' : 'nogl'
}

async function loadScene() {
  const names = ['left', 'right', 'left-white', 'right-white', 'scalp']
  const meshes = await Promise.all(names.map(meshOf))
  const [left, right, leftWhite, rightWhite, scalp] = meshes
  return { left, right, leftWhite, rightWhite, scalp, t1: await volumeOf('t1') }
}

start().then(
  (how) => {
    root.dataset.ready = how
    root.dataset.took = String(Math.round(performance.now() - begun)) // ms, for tests
  },
  (error) => {
    root.dataset.ready = 'failed'
    console.error(error)
  },
)
