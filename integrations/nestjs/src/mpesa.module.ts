import { type DynamicModule, Module } from '@nestjs/common';
import { MpesaController } from './mpesa.controller';
import { MPESA_SECRETS, MpesaSignatureGuard } from './mpesa.guard';
import { OrderBook } from './order-book';
import type { Secrets } from './signature';

@Module({})
export class MpesaModule {
  /** The receiver of events, over the shop's orders. */
  static forRoot(options: { secrets: Secrets; orders: OrderBook }): DynamicModule {
    return {
      module: MpesaModule,
      controllers: [MpesaController],
      providers: [
        MpesaSignatureGuard,
        { provide: MPESA_SECRETS, useValue: options.secrets },
        { provide: OrderBook, useValue: options.orders },
      ],
    };
  }
}
