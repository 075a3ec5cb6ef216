// Small dots on the head: where resampled data put the target, 10-10 sites, landmarks.
import { Group, InstancedMesh, Matrix4, MeshBasicMaterial, SphereGeometry } from 'three'

const CLOUD = { colour: '#f2b705', radius: 1, opacity: 0.4, order: 3 }
const SITE = { colour: '#3f4c59', radius: 1.7, opacity: 1, order: 4 }
const LANDMARK = { colour: '#0b7a75', radius: 3, opacity: 1, order: 4 }

export function makeDots(plan) {
  const group = new Group()
  const add = (points, look) => {
    const dots = points.length ? dotsAt(points, look) : null
    if (dots) group.add(dots)
    return dots
  }
  const clouds = new Map(plan.targets.map((target) => [target, add(target.cloudSeen, CLOUD)]))
  const sites = add(plan.sites.map((s) => s.point), SITE)
  const landmarks = add(plan.landmarks.map((l) => l.point), LANDMARK)
  const show = (dots, shown) => { if (dots) dots.visible = shown }
  return {
    group,
    show(values) {
      for (const [target, dots] of clouds) show(dots, values.cloud && target === values.target)
      show(sites, values.sites)
      show(landmarks, values.landmarks)
    },
  }
}

// A translucent dot on another is darker: many draws at one place are seen as many.
function dotsAt(points, { colour, radius, opacity, order }) {
  const material = new MeshBasicMaterial({ color: colour, opacity, transparent: opacity < 1, depthWrite: opacity === 1 })
  const dots = new InstancedMesh(new SphereGeometry(radius, 12, 9), material, points.length)
  const place = new Matrix4()
  points.forEach(([x, y, z], k) => dots.setMatrixAt(k, place.makeTranslation(x, y, z)))
  dots.renderOrder = order
  dots.frustumCulled = false
  return dots
}
