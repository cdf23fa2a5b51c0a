// Takes a payment by the generated types alone: asks, waits, reads receipt and history, and is refused an order's other amount.
// generated_client.js URL TOKEN prints what came of it as JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./mpesa";

type Payment = components["schemas"]["payment"];

async function main(baseUrl: string, token: string): Promise<void> {
  const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  const added = await api.POST("/orders", { body: { orderId: "G-1", amount: 150 } });
  if (added.error) throw new Error(added.error.detail);
  const terms = { orderId: "G-1", paymentMethod: "MPESA", phoneNumber: "0708374149", amount: 150 } as const;
  const asked = await api.POST("/payments/initiate", {
    params: { header: { "Idempotency-Key": "call-G-1" } },
    body: terms,
  });
  if (asked.error) throw new Error(asked.error.detail);
  let payment: Payment = asked.data;
  while (payment.status === "pending") {
    await new Promise((then) => setTimeout(then, 100));
    const looked = await api.GET("/payments/status/{orderId}", { params: { path: { orderId: "G-1" } } });
    if (looked.error) throw new Error(looked.error.detail);
    payment = looked.data;
  }
  const receipt = await api.GET("/payments/receipt/{orderId}", { params: { path: { orderId: "G-1" } } });
  if (receipt.error) throw new Error(receipt.error.detail);
  if (typeof receipt.data === "string") throw new Error("a receipt came as text");
  const page = await api.GET("/payments/history", { params: { query: { limit: 5 } } });
  if (page.error) throw new Error(page.error.detail);
  const refused = await api.POST("/payments/initiate", { body: { ...terms, amount: 151 } });
  if (!refused.error) throw new Error("the other amount was taken");
  console.log(JSON.stringify({
    asked: asked.response.status, status: payment.status, received: payment.received, kind: receipt.data.kind,
    receipt: receipt.data.receipt === payment.receipt, orders: page.data.map((each) => each.order_id),
    refused: refused.error.code, money_moved: refused.error.money_moved,
  }));
}

const [url = "", token = ""] = process.argv.slice(2);
main(url, token).catch((error) => {
  console.error(error);
  process.exit(1);
});
