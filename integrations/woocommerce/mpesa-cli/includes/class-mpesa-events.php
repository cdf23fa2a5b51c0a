<?php // Where `mpesa listen --forward-to https://SHOP/wp-json/mpesa/v1/events` posts.
defined( 'ABSPATH' ) || exit;
/** Takes each event once, whatever comes twice, late, out of order or from somebody else. */
final class Mpesa_Events {
	const TOLERANCE_S = 300;
	/** The signature is the permission. */
	public static function routes() {
		register_rest_route( 'mpesa/v1', '/events', array(
			array( 'methods' => 'POST', 'callback' => array( self::class, 'take' ), 'permission_callback' => '__return_true' ),
			array( 'methods' => 'GET', 'callback' => array( self::class, 'state' ), 'permission_callback' => '__return_true' ),
		) );
	}

	/** One event. 2xx means taken for good; anything else is sent again, for three days. */
	public static function take( $request ) {
		$signer = self::signer( $request );
		if ( null === $signer ) {
			return self::answer( 401, 'not signed by mpesa' );
		}
		$event = json_decode( $request->get_body(), true );
		$data  = $event['data'] ?? null;
		if ( ! is_array( $data ) || ! isset( $event['type'], $data['order_id'], $data['environment'], $data['received'] ) ) {
			return self::answer( 400, 'no event' );
		}
		// Nothing that the simulator pays is money: it has a secret of its own, and orders of a check.
		$simulated = 'simulator' === $data['environment'];
		if ( ( 'check' === $signer ) !== $simulated || ( $simulated && ! preg_match( Mpesa_Orders::CHECK_NAME, $data['order_id'] ) ) ) {
			return self::answer( 403, 'not for this order' );
		}
		$order_id = Mpesa_Orders::id_of( $data['order_id'] );
		if ( ! $order_id ) {
			return self::answer( 404, 'no such order' );
		}
		$id   = $request->get_header( 'webhook-id' );
		$done = Mpesa_Orders::locked( $order_id, function ( $order ) use ( $id, $event ) {
			$known = array_filter( (array) $order->get_meta( '_mpesa_events' ) );
			if ( ! in_array( $id, $known, true ) ) {
				$order->update_meta_data( '_mpesa_events', array_merge( $known, array( $id ) ) );
				self::apply( $order, $event['type'], $event['data'] );
				$order->save();
			}
		} );
		return self::answer( $done ? 200 : 503, $done ? 'taken' : 'not now' );
	}

	/** Where an order of a check stands; asking makes it known. Others are not told. */
	public static function state( $request ) {
		$name = (string) $request->get_param( 'order' );
		if ( 'check' !== self::signer( $request ) || ! preg_match( Mpesa_Orders::CHECK_NAME, $name ) ) {
			return self::answer( 404, 'no order of a check' );
		}
		$order  = wc_get_order( Mpesa_Orders::id_of( $name ) ?: Mpesa_Orders::add_check( $name ) );
		$status = $order->has_status( 'refunded' ) ? 'refunded' : ( $order->get_date_paid() ? 'paid' : 'unpaid' );
		return new WP_REST_Response( array( 'status' => $status, 'times_paid' => (int) $order->get_meta( '_mpesa_times_paid' ) ), 200 );
	}

	private static function apply( $order, $type, $data ) {
		$settled = $order->get_date_paid() || $order->has_status( 'refunded' );
		if ( 'order.refunded' === $type ) {
			$order->update_status( 'refunded', 'M-PESA gave the money back.' );
		} elseif ( 'order.paid' === $type && ! $settled ) {
			if ( Mpesa_Orders::amount( $order ) * 100 !== (int) round( $data['received'] * 100 ) ) {
				$order->add_order_note( "KES {$data['received']} came by M-PESA for an order of {$order->get_total()}: somebody must look." );
			} elseif ( $order->payment_complete( (string) $data['receipt'] ) ) { // also after "unpaid".
				$order->add_order_note( "M-PESA {$data['receipt']}: KES {$data['received']} came." );
			} else {
				throw new RuntimeException( 'WooCommerce could not complete the payment.' );
			}
		} elseif ( 'order.unpaid' === $type && ! $settled && $order->has_status( array( 'pending', 'on-hold' ) ) ) {
			$order->update_status( 'cancelled', 'Nobody paid in time. It may still be paid: then the order goes on.' );
		} elseif ( in_array( $type, array( 'order.review', 'order.partial', 'order.overpaid' ), true ) ) {
			$order->add_order_note( "mpesa says $type: somebody must look (mpesa status {$data['order_id']})." );
		}
	}

	/** Which secret signed a request just now: webhook, check, or null for none. */
	private static function signer( $request ) {
		list( $id, $at, $given ) = array_map( array( $request, 'get_header' ), array( 'webhook-id', 'webhook-timestamp', 'webhook-signature' ) );
		if ( ! ctype_digit( (string) $at ) || abs( time() - (int) $at ) > self::TOLERANCE_S ) {
			return null;
		}
		foreach ( array( 'webhook', 'check' ) as $name ) {
			$key    = base64_decode( substr( Mpesa_Api::setting( $name . '_secret' ), 6 ) );
			$wanted = 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$at." . $request->get_body(), $key, true ) );
			if ( '' !== $key && hash_equals( $wanted, (string) $given ) ) {
				return $name;
			}
		}
		return null;
	}

	private static function answer( $status, $said ) { return new WP_REST_Response( array( 'said' => $said ), $status ); }
}
