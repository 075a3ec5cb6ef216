// Where there is no WebGL: the prepared pictures stand in the place of the 3D view.
const VIEWS = { oblique: 'oblique', coil: 'coil', front: null, left: null, right: null, top: null }

export function makePictures(state) {
  const box = document.getElementById('stage').parentElement
  box.classList.add('flat')
  document.getElementById('stage').hidden = true
  document.getElementById('no-webgl').hidden = false
  const image = document.getElementById('stage-picture')
  for (const button of document.querySelectorAll('[data-view]')) button.disabled = !VIEWS[button.dataset.view]
  for (const control of document.querySelectorAll('#choose-scalp, #choose-coil, #choose-map, #show-sites, #show-landmarks')) control.disabled = true
  state.onChange(({ target, view }) => {
    const found = target && document.getElementById(`picture-${target.badge}-${VIEWS[view] ?? 'oblique'}`)
    image.hidden = !found
    if (!found) return
    image.src = found.src
    image.alt = found.alt
  })
}
