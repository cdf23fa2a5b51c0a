<?php // The HTTP API of `mpesa listen --api`.
defined( 'ABSPATH' ) || exit;
/** Asks the shop's own mpesa-cli. The order is its own key there: asked twice, one prompt goes out. */
final class Mpesa_Api {
	/** A setting: from wp-config.php (MPESA_API, MPESA_API_TOKEN, MPESA_WEBHOOK_SECRET, MPESA_CHECK_SECRET), or the page. */
	public static function setting( $name ) {
		$constant = 'MPESA_' . strtoupper( $name );
		$settings = get_option( 'woocommerce_mpesa_cli_settings', array() );
		return (string) ( defined( $constant ) ? constant( $constant ) : ( $settings[ $name ] ?? '' ) );
	}

	/** Ask a phone for an order's money. What may have rung counts as sent: it is never asked for as a second order. */
	public static function ask( $order, $phone ) {
		$name = Mpesa_Orders::name( $order );
		list( $status, $said ) = self::call( 'POST', '/payments/initiate', array(
			'orderId' => $name, 'paymentMethod' => 'MPESA', 'phoneNumber' => $phone, 'amount' => Mpesa_Orders::amount( $order ),
		) );
		$failed_before = 200 === $status && 'failed' === ( $said['status'] ?? '' );
		return $failed_before || 409 === $status ? self::again( $order, $phone ) : self::outcome( $status, $said );
	}

	/** Ask once more, where mpesa says that it is safe. Two clicks send one prompt. */
	public static function again( $order, $phone = '' ) {
		$name = Mpesa_Orders::name( $order );
		$now  = self::status( $order );
		$key  = $name . '-' . count( $now['attempts'] ?? array() );
		list( $status, $said ) = self::call( 'POST', '/payments/retry/' . rawurlencode( $name ),
			(object) array_filter( array( 'phoneNumber' => $phone ) ), array( 'Idempotency-Key' => $key ) );
		return self::outcome( $status, $said );
	}

	/** The payment as mpesa has it, an empty array where it can't be told. */
	public static function status( $order ) {
		list( $status, $said ) = self::call( 'GET', '/payments/status/' . rawurlencode( Mpesa_Orders::name( $order ) ) );
		return 200 === $status ? $said : array();
	}

	private static function outcome( $status, $said ) {
		// Without an answer nobody knows: the phone may have rung.
		$sent = in_array( $status, array( 0, 200, 202 ), true );
		return array( 'sent' => $sent, 'words' => $sent ? '' : ( $said['detail'] ?? "mpesa answered $status" ) );
	}

	private static function call( $method, $path, $body = null, $headers = array() ) {
		$answer = wp_remote_request( rtrim( self::setting( 'api' ), '/' ) . $path, array(
			'method'  => $method,
			'timeout' => 45,
			'headers' => $headers + array( 'Authorization' => 'Bearer ' . self::setting( 'api_token' ), 'Content-Type' => 'application/json' ),
			'body'    => null === $body ? null : wp_json_encode( $body ),
		) );
		if ( is_wp_error( $answer ) ) {
			return array( 0, array() );
		}
		$said = json_decode( wp_remote_retrieve_body( $answer ), true );
		return array( (int) wp_remote_retrieve_response_code( $answer ), is_array( $said ) ? $said : array() );
	}
}
