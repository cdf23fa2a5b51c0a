// npm's mpesa-api drives a served simulator. Reads {base, credential, sink, receipt} from stdin, prints one JSON object.
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
// The client knows hosts without ports only.
const http = require('http');
const plain = http.request;
http.request = (options, answered) => plain({ ...options, port: new URL(asked.base).port }, answered);
const { Mpesa } = require('mpesa-api');
const { routes } = require('mpesa-api/lib/routes');
routes.sandbox = asked.base;
const client = new Mpesa(
  { clientKey: 'k', clientSecret: 's', securityCredential: asked.credential }, 'sandbox');
const signed = {
  Initiator: 'testapi', Remarks: 'foreign', QueueTimeOutURL: asked.sink + '/timeout', ResultURL: asked.sink + '/result',
};
(async () => {
  const balance = await client.accountBalance(
    { ...signed, CommandID: 'AccountBalance', PartyA: '174379', IdentifierType: '4' });
  const reversal = await client.reversal({
    ...signed, CommandID: 'TransactionReversal', TransactionID: asked.receipt, Amount: 150, ReceiverParty: '174379',
    RecieverIdentifierType: '11', Occasion: '' });
  const b2c = await client.b2c({
    ...signed, CommandID: 'BusinessPayment', Amount: 20, PartyA: '174379', PartyB: '254708374149', Occasion: '' });
  const said = { balance, reversal, 'b2c v1': b2c };
  console.log(JSON.stringify(Object.fromEntries(
    Object.entries(said).map(([name, answer]) => [name, answer.ResponseCode === '0']))));
})().catch((wrong) => { console.error(wrong.response ? wrong.response.data : wrong); process.exit(1); });
