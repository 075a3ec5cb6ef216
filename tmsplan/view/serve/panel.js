// The served page only: moves the chosen target to the crosshair, puts it back, saves.
// It reads the crosshair from the page and computes nothing; what is shown comes from Python.
(() => {
  'use strict'
  const $ = (id) => document.getElementById(id)
  const words = JSON.parse($('serve-words').textContent)
  const fill = (text, values) => text.replace(/\{([\w-]+)\}/g, (_, key) => String(values[key]))
  const CHOSEN = 'tmsplan-chosen'
  let state = null

  const cards = () => [...document.querySelectorAll('.card')]
  const chosen = () => Math.max(0, cards().findIndex((card) => card.getAttribute('aria-pressed') === 'true'))
  const badge = () => cards()[chosen()]?.querySelector('.badge')?.textContent ?? ''
  const number = (value, digits) => (value === null ? words.missing : value.toFixed(digits))

  function say(text, refused) {
    $('serve-said').textContent = text
    $('serve-said').className = refused ? 'refused' : ''
  }

  function lines() {
    const target = state.targets[chosen()]
    if (!target) return words.nothing
    const { moved, field } = target
    const text = moved
      ? [fill(words.moved, { name: target.name, mm: moved.mm.toFixed(1), z: number(target.z, 2), z5: number(moved.z_5mm, 2), depth: target.depth_mm.toFixed(1) })]
      : [words.nothing]
    if (moved && field) text.push(fill(words.field, { share: (100 * field.share_of_peak).toFixed(0), engine: field.engine }))
    if (state.operator === null) text.push(words['no-operator'])
    if (state.failed.length) text.push(fill(words.failed, { n: state.failed.length }), ...state.failed)
    if (state.saved.length) text.push(fill(words.saved, { folder: state.saved.at(-1) }))
    return text.join(' ')
  }

  function show() {
    const target = state.targets[chosen()]
    $('serve-move').textContent = fill(words.move, { badge: badge() })
    $('serve-back').textContent = fill(words.back, { badge: badge() })
    $('serve-move').disabled = !target
    $('serve-back').disabled = !target?.moved
    $('serve-save').disabled = state.operator === null || state.failed.length > 0 || !state.targets.some((t) => t.moved)
    say(lines(), state.failed.length > 0)
  }

  async function ask(path, body) {
    say(words.busy)
    for (const button of document.querySelectorAll('#serve button')) button.disabled = true
    try {
      const method = body ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}
      const answer = await fetch(path, method)
      const found = await answer.json()
      if (answer.ok) state = found
      show()
      if (!answer.ok) say(found.refused, true)
      return answer.ok
    } catch {
      say(words.stopped, true)
      return false
    }
  }

  // The head, the slices and every table are drawn again from the plan as Python now has it.
  function again() {
    sessionStorage.setItem(CHOSEN, String(chosen()))
    location.reload()
  }

  const crosshair = () => ['x', 'y', 'z'].map((axis) => Number($(`cursor-${axis}`).textContent))
  const id = () => state.targets[chosen()].id

  $('serve-move').addEventListener('click', async () => {
    if (await ask('/move', { target: id(), point_mm: crosshair(), frame: 'scanner' })) again()
  })
  $('serve-back').addEventListener('click', async () => {
    if (await ask('/back', { target: id() })) again()
  })
  $('serve-save').addEventListener('click', () => ask('/save', {}))
  for (const card of cards()) card.addEventListener('click', () => state && show())
  document.documentElement.dataset.serve = 'loading'
  ask('/state.json').then((ok) => {
    const before = Number(sessionStorage.getItem(CHOSEN) ?? 0)
    const ready = () => {
      if (document.documentElement.dataset.ready === 'loading') return setTimeout(ready, 50)
      if (before > 0) cards()[before]?.click()
      document.documentElement.dataset.serve = ok ? 'ready' : 'failed'
    }
    ready()
  })
})()
