<?php
/** A shop of stand-ins around the plugin: `php -S 127.0.0.1:3000 stand-in/router.php`. Its data is in STAND_IN_FOLDER. */

putenv( 'STAND_IN_FOLDER=' . ( getenv( 'STAND_IN_FOLDER' ) ?: sys_get_temp_dir() ) );
require __DIR__ . '/wordpress.php';
Stand_In::open( getenv( 'STAND_IN_FOLDER' ) . '/stand-in-shop.db' );

/** What WooCommerce's Blocks are derived from, and what a plugin says that it can do. */
eval( 'namespace Automattic\WooCommerce\Blocks\Payments\Integrations; class AbstractPaymentMethodType { protected $settings = array();
	protected function get_setting( $name, $default = "" ) { return $this->settings[ $name ] ?? $default; } }
	namespace Automattic\WooCommerce\Utilities; class FeaturesUtil { public static $said = array();
	public static function declare_compatibility( $feature ) { self::$said[] = $feature; } }' );

require dirname( __DIR__ ) . '/mpesa-cli/mpesa-cli.php';
do_action( 'before_woocommerce_init' );
$gateways = apply_filters( 'woocommerce_payment_gateways', array() );
do_action( 'rest_api_init' );

function send( $status, $data ) {
	http_response_code( $status );
	header( 'content-type: application/json' );
	echo json_encode( $data );
}

$path = parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
foreach ( Stand_In::$routes as $route => $methods ) {
	if ( preg_match( "#^$route$#", $path, $found ) ) {
		foreach ( $methods as $each ) {
			if ( $each['methods'] === $_SERVER['REQUEST_METHOD'] ) {
				$request = new WP_REST_Request( $found + $_GET );
				if ( ! call_user_func( $each['permission_callback'], $request ) ) {
					return send( 403, array( 'code' => 'rest_forbidden' ) );
				}
				$answer = call_user_func( $each['callback'], $request );
				return $answer instanceof WP_REST_Response ? send( $answer->status, $answer->data ) : send( 200, $answer );
			}
		}
	}
}
if ( '/checkout' === $path ) { // what WooCommerce does with what the customer typed.
	$gateway = new $gateways[0]();
	$order   = wc_create_order();
	$order->set_payment_method( $gateway->id );
	$order->set_total( $_POST['total'] );
	$order->save();
	$result = $gateway->is_available() && $gateway->validate_fields() ? $gateway->process_payment( $order->get_id() ) : array( 'result' => 'failure' );
	return send( 200, $result + array( 'order' => $order->get_id(), 'key' => $order->get_order_key(), 'notices' => Stand_In::$notices ) );
}
if ( preg_match( '#^/(orders|order-received|again)/(\d+)$#', $path, $found ) ) {
	$order = wc_get_order( $found[2] );
	if ( 'order-received' === $found[1] ) {
		new $gateways[0]();
		do_action( 'woocommerce_thankyou_mpesa_cli', $order->get_id() );
		return;
	}
	if ( 'again' === $found[1] ) { // the button in the shop's own pages
		do_action( 'woocommerce_order_action_mpesa_again', $order );
	}
	return send( 200, array(
		'status'      => $order->get_status(),
		'receipt'     => $order->get_transaction_id(),
		'completions' => (int) Stand_In::run( 'SELECT count(*) FROM completions WHERE id = ?', $order->get_id() )->fetchColumn(),
		'notes'       => Stand_In::run( 'SELECT note FROM notes WHERE id = ?', $order->get_id() )->fetchAll( PDO::FETCH_COLUMN ),
	) );
}
if ( '/blocks' === $path ) { // what the Blocks checkout is given
	$registry = new class() { public $registered; public function register( $method ) { $this->registered = $method; } };
	do_action( 'woocommerce_blocks_payment_method_type_registration', $registry );
	$registry->registered->initialize();
	return send( 200, array( $registry->registered->get_payment_method_script_handles(), $registry->registered->get_payment_method_data(),
		\Automattic\WooCommerce\Utilities\FeaturesUtil::$said ) );
}
send( 404, array() );
