// Cards, regions, switches and numbers around the pictures. The words are in the page already.
const $ = (id) => document.getElementById(id)
const all = (selector) => [...document.querySelectorAll(selector)]

export function makePanel(state, plan, cortex) {
  document.documentElement.classList.add('scripted')
  wireCards(state, plan)
  if (!cortex) return
  wireRegions(state, plan)
  wireSwitches(state)
  const legend = makeLegend(plan)
  const readout = makeReadout(plan, cortex)
  state.onChange((values, changed) => {
    if ('threshold' in changed) legend(values.threshold)
    if ('target' in changed || 'cloud' in changed) $('key-spread').textContent = aboutSpread(values, plan.words)
    if ('cursor' in changed || 'target' in changed) readout(values)
    if ('convention' in changed) $('convention-said').textContent = plan.words[values.convention]
  })
}

function aboutSpread({ target, cloud }, words) {
  const ring = target?.spread ? words.spread.replace('{mm}', target.spread.toFixed(0)) : ''
  return ring + (cloud && target?.cloud.length ? words.cloud : '')
}

function wireCards(state, plan) {
  for (const card of all('.card')) {
    card.addEventListener('click', () => {
      const target = plan.targets[Number(card.dataset.target)]
      if (target) state.set({ target, cursor: target.point, probing: false })
      choose(card.dataset.target)
    })
  }
  const choose = (index) => {
    for (const card of all('.card')) card.setAttribute('aria-pressed', String(card.dataset.target === index))
    for (const strip of all('.pose')) strip.hidden = strip.dataset.for !== index
  }
  choose('0')
}

function wireRegions(state, plan) {
  for (const button of all('[data-region]')) {
    const region = plan.regions.find((r) => String(r.id) === button.dataset.region)
    if (!region?.point) button.disabled = true
    else button.addEventListener('click', () => state.set({ cursor: region.point, probing: true }))
  }
}

function wireSwitches(state) {
  for (const button of all('[data-view]')) button.addEventListener('click', () => state.set({ view: button.dataset.view }))
  for (const key of ['coil', 'convention']) {
    $(`choose-${key}`).addEventListener('change', (event) => state.set({ [key]: event.target.value }))
  }
  for (const key of ['cloud', 'sites', 'landmarks']) {
    $(`show-${key}`)?.addEventListener('change', (event) => state.set({ [key]: event.target.checked }))
  }
  // A map needs skin to lie on: it makes the scalp solid, and goes when the scalp goes.
  $('choose-scalp').addEventListener('change', ({ target: { value } }) => state.set(value === 'solid' ? { scalp: value } : { scalp: value, map: 'none' }))
  $('choose-map')?.addEventListener('change', ({ target: { value } }) => state.set({ map: value, scalp: value === 'none' ? 'glass' : 'solid' }))
  $('close-up').addEventListener('change', (event) => state.set({ close: event.target.checked }))
  $('threshold').addEventListener('input', (event) => state.set({ threshold: Number(event.target.value) }))
  state.onChange(({ view, scalp, map }) => {
    $('choose-scalp').value = scalp
    if ($('choose-map')) $('choose-map').value = map
    for (const legend of all('.map-legend')) legend.hidden = legend.dataset.map !== map
    for (const legend of all('.z-legend')) legend.hidden = map !== 'none'
    for (const button of all('[data-view]')) button.setAttribute('aria-pressed', String(button.dataset.view === view))
  })
}

// The scale never moves; what the threshold hides is grey.
function makeLegend({ look: { overlay } }) {
  const canvas = $('legend-bar')
  const ink = canvas.getContext('2d')
  const entries = overlay.table.length / 3
  return (threshold) => {
    for (let x = 0; x < canvas.width; x++) {
      const share = x / (canvas.width - 1)
      const z = (2 * share - 1) * overlay.limit
      const k = 3 * Math.round(share * (entries - 1))
      ink.fillStyle = Math.abs(z) < threshold ? '#d9d5d0' : `rgb(${overlay.table.slice(k, k + 3)})`
      ink.fillRect(x, 0, 1, canvas.height)
    }
    $('threshold-said').textContent = threshold.toFixed(1)
  }
}

function makeReadout(plan, cortex) {
  const signed = (v, digits) => (v < 0 ? '-' : '+') + Math.abs(v).toFixed(digits)
  return ({ cursor }) => {
    const { distance, region, side } = cortex.nearest(cursor)
    ;['x', 'y', 'z'].forEach((axis, k) => { $(`cursor-${axis}`).textContent = signed(cursor[k], 1) })
    const { words } = plan
    const off = distance > 4 ? words.away.replace('{mm}', distance.toFixed(0)) : ''
    const name = region ? `${region.name}, ${words[side].toUpperCase()}` : words[side].toUpperCase()
    const z = region?.z == null ? words.noZ : words.z.replace('{z}', signed(region.z, 2))
    $('cursor-where').textContent = [name, z, off].filter(Boolean).join(' \u00b7 ')
  }
}
