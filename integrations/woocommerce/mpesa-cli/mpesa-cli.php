<?php
/**
 * Plugin Name: M-PESA by mpesa-cli
 * Description: Asks the customer's phone through the shop's own mpesa-cli, and completes the order when it says that the money has come.
 * Version: 0.2.0
 * Requires at least: 6.4
 * Requires PHP: 8.0
 * Requires Plugins: woocommerce
 * License: MIT
 */
defined( 'ABSPATH' ) || exit;
foreach ( array( 'orders', 'api', 'events', 'customer' ) as $part ) {
	require_once __DIR__ . "/includes/class-mpesa-$part.php";
}
add_action( 'before_woocommerce_init', function () {
	foreach ( array( 'custom_order_tables', 'cart_checkout_blocks' ) as $feature ) {
		\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( $feature, __FILE__, true );
	}
} );
add_filter( 'woocommerce_payment_gateways', function ( $gateways ) {
	require_once __DIR__ . '/includes/class-mpesa-gateway.php';
	return array_merge( $gateways, array( 'Mpesa_Gateway' ) );
} );
add_action( 'woocommerce_blocks_payment_method_type_registration', function ( $registry ) {
	require_once __DIR__ . '/includes/class-mpesa-blocks.php';
	$registry->register( new Mpesa_Blocks() );
} );
add_action( 'rest_api_init', array( 'Mpesa_Events', 'routes' ) );
add_action( 'rest_api_init', array( 'Mpesa_Customer', 'routes' ) );
// What a check is told: how often WooCommerce itself completed a payment of this order.
add_action( 'woocommerce_payment_complete', array( 'Mpesa_Orders', 'count_payment' ) );
add_filter( 'woocommerce_order_actions', function ( $actions ) {
	return $actions + array( 'mpesa_again' => 'Send the M-PESA prompt again' );
} );
add_action( 'woocommerce_order_action_mpesa_again', function ( $order ) {
	$asked = Mpesa_Api::again( $order );
	$order->add_order_note( $asked['sent'] ? 'The M-PESA prompt was sent again.' : 'M-PESA prompt not sent: ' . $asked['words'] );
} );
