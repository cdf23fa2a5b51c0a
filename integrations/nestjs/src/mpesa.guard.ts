import { CanActivate, ExecutionContext, Inject, Injectable, UnauthorizedException } from '@nestjs/common';
import type { RawBodyRequest } from '@nestjs/common';
import type { Request } from 'express';
import { type Secrets, signedBy } from './signature';

export const MPESA_SECRETS = Symbol('MPESA_SECRETS');

/** A request that the guard let through, with the secret that signed it. */
export interface SignedRequest extends RawBodyRequest<Request> {
  mpesaSecret?: keyof Secrets;
}

/** Lets through what mpesa signed, over the bytes as they came. Needs `rawBody: true` in `NestFactory.create`. */
@Injectable()
export class MpesaSignatureGuard implements CanActivate {
  constructor(@Inject(MPESA_SECRETS) private readonly secrets: Secrets) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<SignedRequest>();
    const by = signedBy(this.secrets, request.headers, request.rawBody ?? Buffer.alloc(0));
    if (by === null) {
      throw new UnauthorizedException('Not signed by mpesa.');
    }
    request.mpesaSecret = by;
    return true;
  }
}
