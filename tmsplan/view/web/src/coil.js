// The figure-8 coil of view/coil_model.py, in coil axes: face in z = 0, casing at z < 0, handle at -y.
import { CatmullRomCurve3, CylinderGeometry, Group, LatheGeometry, Mesh, SphereGeometry, TorusGeometry, TubeGeometry, Vector2, Vector3 } from 'three'

const [RING_MM, WINDING_MM, GHOST_HANDLE_MM] = [1.1, 0.72, 2.2]

export function makeCoil(shape, materials) {
  const group = new Group()
  const ghost = ghostOf(shape, materials)
  const solid = solidOf(shape, materials)
  const arrow = arrowOf(materials)
  group.add(ghost, solid, arrow)
  group.matrixAutoUpdate = false
  return {
    group,
    place(rows) {
      group.matrix.set(...rows.flat())
      group.matrixWorldNeedsUpdate = true
    },
    show(how) {
      ghost.visible = how === 'ghost'
      solid.visible = how === 'solid'
      arrow.visible = how !== 'off'
      arrow.position.y = how === 'solid' ? 18 : 8
    },
  }
}

function ringsOf(shape, radii, z, tube, material) {
  const group = new Group()
  for (const side of [-1, 1]) {
    for (const radius of radii) {
      const ring = new Mesh(new TorusGeometry(radius, tube, 10, 120), material)
      ring.position.set(side * shape.wing_x, 0, z)
      group.add(ring)
    }
  }
  return group
}

function tubeOf(points, radius, material) {
  const curve = new CatmullRomCurve3(points)
  const group = new Group()
  group.add(new Mesh(new TubeGeometry(curve, 48, radius, 20), material))
  for (const end of [points[0], points.at(-1)]) {
    const cap = new Mesh(new SphereGeometry(radius, 20, 14), material)
    cap.position.copy(end)
    group.add(cap)
  }
  return group
}

function ghostOf(shape, materials) {
  const group = ringsOf(shape, shape.winding_radii, -shape.thickness / 2, RING_MM, materials.plain('ring'))
  const path = shape.handle.map((p) => new Vector3(...p))
  // It begins a little behind the centre, where the target is looked for.
  const start = path[0].clone().multiplyScalar(0.65).addScaledVector(path[1], 0.35)
  group.add(tubeOf([start, path[2]], GHOST_HANDLE_MM, materials.plain('casing')))
  return group
}

function solidOf(shape, materials) {
  const casing = materials.plain('casing')
  const group = new Group()
  const sweep = (inner, outer, thickness, x) => {
    const lathe = new Mesh(new LatheGeometry(profileOf(inner, outer, thickness), 96), casing)
    lathe.rotation.x = Math.PI / 2 // the lathe turns round y; the coil's axis is z
    lathe.position.x = x
    group.add(lathe)
  }
  const [hole, rim] = shape.casing_radii
  for (const x of [-shape.wing_x, shape.wing_x]) sweep(hole, rim, shape.thickness, x)
  sweep(0, shape.hub_radius, shape.hub_thickness, 0)
  const [first, last] = shape.winding_radii
  const radii = Array.from({ length: shape.turns }, (_, k) => first + (k * (last - first)) / (shape.turns - 1))
  group.add(ringsOf(shape, radii, -shape.thickness + 0.1, WINDING_MM, materials.plain('winding')))
  group.add(tubeOf(shape.handle.map((p) => new Vector3(...p)), shape.handle_radius, casing))
  const cap = new Mesh(new SphereGeometry(4.5, 24, 16), materials.plain('marker'))
  cap.position.z = -shape.hub_thickness
  group.add(cap)
  return group
}

// A closed profile (radius, height) between face and back with its edges taken off.
function profileOf(inner, outer, thickness) {
  const [back, cut] = [-thickness, 1.5]
  const front = [[inner, -cut], [inner + 0.3 * cut, -0.3 * cut], [inner + cut, 0], [outer - cut, 0], [outer - 0.3 * cut, -0.3 * cut], [outer, -cut]]
  const behind = front.map(([r, z]) => [r, back - z]).reverse()
  return [...front, ...behind, front[0]].map(([r, z]) => new Vector2(r, z))
}

// Points away from the handle, 36 mm long.
function arrowOf(materials) {
  const green = materials.plain('arrow')
  const group = new Group()
  const shaft = new Mesh(new CylinderGeometry(1.2, 1.2, 24, 20), green)
  shaft.position.y = 12
  const tip = new Mesh(new CylinderGeometry(0, 3.6, 12, 32), green)
  tip.position.y = 30
  group.add(shaft, tip)
  group.position.set(0, 8, -5)
  return group
}
