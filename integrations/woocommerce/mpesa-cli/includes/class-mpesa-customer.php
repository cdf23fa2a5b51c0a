<?php // What the page after the order asks while it waits.
defined( 'ABSPATH' ) || exit;
/** Known by the order's key, as WooCommerce's own page is. */
final class Mpesa_Customer {
	/** GET: where the order stands. POST: send the prompt again. */
	public static function routes() {
		$may = function ( $request ) {
			$order = wc_get_order( (int) $request['id'] );
			return $order && 'mpesa_cli' === $order->get_payment_method() && hash_equals( $order->get_order_key(), (string) $request['key'] );
		};
		register_rest_route( 'mpesa/v1', '/orders/(?P<id>\d+)', array(
			array( 'methods' => 'GET', 'callback' => array( self::class, 'where' ), 'permission_callback' => $may ),
			array( 'methods' => 'POST', 'callback' => array( self::class, 'again' ), 'permission_callback' => $may ),
		) );
	}

	/** In words for the customer; `again` where a prompt may be sent. */
	public static function where( $request ) {
		$order = wc_get_order( (int) $request['id'] );
		if ( $order->get_date_paid() ) {
			return array( 'paid' => true, 'again' => false, 'words' => 'Paid. M-PESA receipt ' . $order->get_transaction_id() . '. Thank you!' );
		}
		$now   = Mpesa_Api::status( $order )['status'] ?? '';
		$words = array(
			'failed' => 'Not paid yet: the prompt ended without money.', 'paid' => 'Paid. One moment …',
			'unknown' => 'M-PESA has not told us yet. Please do not pay again; we look.', 'review' => 'The shop looks at your payment.',
		);
		return array( 'paid' => false, 'again' => 'failed' === $now, 'words' => $words[ $now ] ?? 'Look at your phone and enter your M-PESA PIN …' );
	}

	/** Send the prompt again, where that is safe. */
	public static function again( $request ) {
		$order = wc_get_order( (int) $request['id'] );
		$asked = $order->get_date_paid() ? array( 'sent' => true, 'words' => '' ) : Mpesa_Api::again( $order );
		return array( 'paid' => false, 'again' => ! $asked['sent'], 'words' => $asked['sent'] ? 'Look at your phone …' : $asked['words'] );
	}
}
