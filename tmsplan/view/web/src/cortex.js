// What lies where on the cortex: the nearest vertex, its parcel and that parcel's numbers.
export function makeCortex(drawn, plan) {
  const parcel = plan.layers.indexOf('parcel')
  const regions = new Map(plan.regions.map((r) => [r.id, r]))
  return {
    nearest(point) {
      let best = { squared: Infinity }
      for (const side of ['left', 'right']) {
        const { xyz } = drawn[side]
        for (let i = 0; i < xyz.length; i += 3) {
          const squared = (xyz[i] - point[0]) ** 2 + (xyz[i + 1] - point[1]) ** 2 + (xyz[i + 2] - point[2]) ** 2
          if (squared < best.squared) best = { squared, side, vertex: i / 3 }
        }
      }
      best.distance = Math.sqrt(best.squared)
      best.region = regions.get(drawn[best.side].layers[parcel][best.vertex]) ?? null
      return best
    },
  }
}
