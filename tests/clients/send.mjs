// One call of each kind with the unmodified @segment/analytics-node. Usage: node send.mjs URL WRITE_KEY USER_ID
import { Analytics } from '@segment/analytics-node'

const [url, writeKey, userId] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host: url, path: '/v1/batch' })
let failed = null
analytics.on('error', (error) => { failed = error })

const anonymousId = `${userId}-browser`
analytics.page({ anonymousId, name: 'Home', properties: { path: '/', title: 'Straße & Café' } })
analytics.identify({ anonymousId, userId, traits: { email: `${userId}@shop.example`, plan: 'gold' } })
analytics.track({
  userId,
  event: 'Order Completed',
  properties: { order_id: `${userId}-1`, total: 27.5, currency: 'EUR', products: [{ product_id: 'p1', price: 27.5 }] },
})
analytics.screen({ userId, name: 'Basket' })
analytics.group({ userId, groupId: 'acme', traits: { name: 'Acme' } })
analytics.alias({ userId, previousId: `${userId}-before` })
await analytics.closeAndFlush()
if (failed) {
  console.error(failed)
  process.exit(1)
}
