// Targets, the line from coil to target, and the cross at the place last clicked.
import { CylinderGeometry, Group, Mesh, MeshBasicMaterial, SphereGeometry, Vector3 } from 'three'

const STANDARD = '#7a4fd0'
const CROSS = '#e5127d'
const AXIS_MM = 0.7

export function makeMarks(plan, materials) {
  const group = new Group()
  const balls = plan.targets.map((target) => {
    const material = target.kind === 'coupling' ? materials.plain('marker') : materials.tinted(STANDARD)
    const ball = new Mesh(new SphereGeometry(target.markerRadius, 32, 24), material)
    ball.position.set(...target.marker)
    group.add(ball)
    return ball
  })
  const axis = new Mesh(new CylinderGeometry(AXIS_MM, AXIS_MM, 1, 16), materials.plain('marker'))
  const cross = new Mesh(new SphereGeometry(2, 20, 14), new MeshBasicMaterial({ color: CROSS, depthTest: false, transparent: true }))
  cross.renderOrder = 9
  group.add(axis, cross)
  return {
    group,
    show({ target, cursor, probing, coil }) {
      cross.visible = probing
      cross.position.set(...cursor)
      plan.targets.forEach((one, k) => balls[k].scale.setScalar(one === target ? 1 : 0.68))
      axis.visible = Boolean(target) && coil === 'ghost'
      if (!target) return
      const top = new Vector3(target.matrix[0][3], target.matrix[1][3], target.matrix[2][3])
      const end = new Vector3(...target.point)
      axis.position.copy(top).add(end).multiplyScalar(0.5)
      axis.scale.y = top.distanceTo(end)
      axis.quaternion.setFromUnitVectors(new Vector3(0, 1, 0), top.sub(end).normalize())
    },
  }
}
