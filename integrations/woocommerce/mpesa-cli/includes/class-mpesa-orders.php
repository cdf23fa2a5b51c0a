<?php // The shop's orders under the names that they have at mpesa, and one at a time.
defined( 'ABSPATH' ) || exit;
/** Orders are read and written by WooCommerce's own functions alone, wherever it keeps them (HPOS or posts). */
final class Mpesa_Orders {
	const CHECK_AMOUNT = 150;
	const CHECK_NAME   = '/^CHECK-[\w-]{1,60}$/';
	/** The name of an order at mpesa. In a trial shop they begin with CHECK-WC-, so that the simulator may pay them. */
	public static function name( $order ) { return $order->get_meta( '_mpesa_check' ) ?: self::prefix() . $order->get_id(); }
	private static function prefix() { return Mpesa_Api::setting( 'prefix' ) ?: 'WC-'; }
	/** What is asked for an order: M-PESA takes whole shillings. */
	public static function amount( $order ) { return (int) ceil( (float) $order->get_total() ); }

	/** The id of the order of this name, 0 where there is none. */
	public static function id_of( $name ) {
		if ( preg_match( '/^' . preg_quote( self::prefix(), '/' ) . '(\d{1,18})$/', $name, $found ) ) {
			$order = wc_get_order( (int) $found[1] );
			return $order && 'mpesa_cli' === $order->get_payment_method() ? $order->get_id() : 0;
		}
		if ( ! preg_match( self::CHECK_NAME, $name ) ) {
			return 0;
		}
		$ids = wc_get_orders( array( 'meta_key' => '_mpesa_check', 'meta_value' => $name, 'limit' => 1, 'return' => 'ids' ) );
		return $ids ? (int) $ids[0] : 0;
	}

	/** Make the order of a check: nothing is in it, so nothing leaves the stock. */
	public static function add_check( $name ) {
		$order = wc_create_order( array( 'created_via' => 'mpesa-check' ) );
		$order->set_payment_method( 'mpesa_cli' );
		$order->set_total( self::CHECK_AMOUNT );
		$order->update_meta_data( '_mpesa_check', $name );
		$order->save();
		return $order->get_id();
	}

	/**
	 * Do something to an order that nobody else changes meanwhile: all of it, or nothing. Returns false where it could
	 * not be done now. The lock ends with the connection, so a process that dies holds up nobody.
	 */
	public static function locked( $order_id, $work ) {
		global $wpdb;
		$lock = $wpdb->prefix . 'mpesa_' . $order_id;
		if ( '1' !== (string) $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 10)', $lock ) ) ) {
			return false;
		}
		wc_transaction_query( 'start' );
		try {
			clean_post_cache( $order_id ); // read what the one before wrote, with HPOS too.
			if ( function_exists( 'wc_get_container' ) && class_exists( '\Automattic\WooCommerce\Caches\OrderCache' ) ) {
				wc_get_container()->get( \Automattic\WooCommerce\Caches\OrderCache::class )->remove( $order_id );
			}
			$work( wc_get_order( $order_id ) );
			wc_transaction_query( 'commit' );
			return true;
		} catch ( Throwable $failed ) {
			wc_transaction_query( 'rollback' );
			wc_get_logger()->error( $failed->getMessage(), array( 'source' => 'mpesa-cli' ) );
			return false;
		} finally {
			$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) );
		}
	}

	/** Give an order another status, unless it was paid meanwhile. */
	public static function unless_paid( $order_id, $status, $note ) {
		self::locked( $order_id, function ( $order ) use ( $status, $note ) {
			if ( ! $order->get_date_paid() ) {
				$order->update_status( $status, $note );
			}
		} );
	}

	/** Note that WooCommerce completed a payment. */
	public static function count_payment( $order_id ) {
		$order = wc_get_order( $order_id );
		if ( $order && 'mpesa_cli' === $order->get_payment_method() ) {
			$order->update_meta_data( '_mpesa_times_paid', 1 + (int) $order->get_meta( '_mpesa_times_paid' ) );
			$order->save();
		}
	}
}
