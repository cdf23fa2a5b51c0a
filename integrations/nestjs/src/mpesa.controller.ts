import {
  BadRequestException, Body, Controller, ForbiddenException, Get, Headers, HttpCode, Inject, NotFoundException, Post, Query,
  Req, UseGuards,
} from '@nestjs/common';
import { MpesaSignatureGuard, type SignedRequest } from './mpesa.guard';
import { answerOf, isEvent, stateOf } from './receiving';
import { OrderBook } from './order-book';

/** Where `mpesa listen --forward-to` posts, and where `mpesa trigger --check` asks. */
@Controller('mpesa/events')
@UseGuards(MpesaSignatureGuard)
export class MpesaController {
  constructor(@Inject(OrderBook) private readonly orders: OrderBook) {}

  @Post()
  @HttpCode(200)
  async take(@Req() request: SignedRequest, @Headers('webhook-id') id: string, @Body() event: unknown): Promise<object> {
    if (!isEvent(event)) {
      throw new BadRequestException('That is no event.');
    }
    const { status, said } = await answerOf(this.orders, request.mpesaSecret, id, event);
    if (status === 403) {
      throw new ForbiddenException(said);
    }
    if (status === 404) {
      throw new NotFoundException(said);
    }
    return { said };
  }

  @Get()
  async state(@Req() request: SignedRequest, @Query('order') orderId: string): Promise<object> {
    const state = await stateOf(this.orders, request.mpesaSecret, orderId);
    if (state === null) {
      throw new NotFoundException();
    }
    return state;
  }
}
