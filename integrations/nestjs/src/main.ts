import 'reflect-metadata';
import { Body, Controller, Get, Inject, Module, NotFoundException, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { MpesaModule } from './mpesa.module';
import { type Order, OrderBook } from './order-book';
import { secretsOf } from './signature';

/** A shop in a few lines, to try the module with: it has orders, and listens on this machine alone. */
@Controller('orders')
class OrdersController {
  constructor(@Inject(OrderBook) private readonly orders: OrderBook) {}

  @Post()
  async add(@Body() wanted: { id: string; amount: number }): Promise<Order | null> {
    await this.orders.add(String(wanted.id), Number(wanted.amount));
    return this.orders.order(String(wanted.id));
  }

  @Get(':id')
  async show(@Param('id') id: string): Promise<Order> {
    const order = await this.orders.order(id);
    if (order === null) {
      throw new NotFoundException();
    }
    return order;
  }
}

async function main(): Promise<void> {
  const orders = await OrderBook.open(process.env.SHOP_DATA ?? 'data');

  @Module({
    imports: [MpesaModule.forRoot({ secrets: secretsOf(process.env), orders })],
    controllers: [OrdersController],
    providers: [{ provide: OrderBook, useValue: orders }],
  })
  class ShopModule {}

  const app = await NestFactory.create<NestExpressApplication>(ShopModule, { rawBody: true, logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
  console.log(`The shop is at ${await app.getUrl()}`);
}

void main();
