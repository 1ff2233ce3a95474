// The usual way to take webhooks: Shopify's library on Express verifies, one insert stores, then 200.

import '@shopify/shopify-api/adapters/node';
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api';
import Database from 'better-sqlite3';
import express from 'express';

const { PORT, SECRET, DATABASE } = process.env;
const shopify = shopifyApi({
  apiKey: 'bench',
  apiSecretKey: SECRET,
  hostName: 'bench.example',
  apiVersion: ApiVersion.October26,
  isEmbeddedApp: false,
  logger: { level: LogSeverity.Error, log: () => {} },
});
const db = new Database(DATABASE);
// As durable as Orderyard: committed to the disk before the answer.
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('create table deliveries (id text primary key, shop text, topic text, body text)');
const insert = db.prepare('insert into deliveries values (?, ?, ?, ?) on conflict do nothing');

const app = express();
app.post('/webhooks/shopify', express.text({ type: '*/*', limit: '8mb' }), async (req, res) => {
  const checked = await shopify.webhooks.validate({ rawBody: req.body, rawRequest: req, rawResponse: res });
  if (!checked.valid) {
    res.sendStatus(401);
    return;
  }
  insert.run(checked.webhookId, checked.domain, checked.topic, req.body);
  res.sendStatus(200);
});
app.listen(Number(PORT), '127.0.0.1');
