<?php // The way to pay, in the Blocks checkout.
defined( 'ABSPATH' ) || exit;
/** The same field, drawn by assets/blocks.js; it arrives as `mpesa_phone`, as from the classic checkout. */
final class Mpesa_Blocks extends \Automattic\WooCommerce\Blocks\Payments\Integrations\AbstractPaymentMethodType {
	protected $name = 'mpesa_cli';
	public function initialize() { $this->settings = get_option( 'woocommerce_mpesa_cli_settings', array() ); }
	public function is_active() { return 'yes' === $this->get_setting( 'enabled' ); }
	public function get_payment_method_script_handles() {
		$needs = array( 'wc-blocks-registry', 'wc-settings', 'wp-element' );
		wp_register_script( 'mpesa-cli-blocks', plugins_url( 'assets/blocks.js', __DIR__ ), $needs, '0.2.0', true );
		return array( 'mpesa-cli-blocks' );
	}

	public function get_payment_method_data() { return array( 'title' => $this->get_setting( 'title', 'M-PESA' ), 'description' => $this->get_setting( 'description' ) ); }
}
