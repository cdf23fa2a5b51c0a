<?php // The way to pay, at the checkout.
defined( 'ABSPATH' ) || exit;
/** A phone's number at the checkout, a page that waits after it. */
final class Mpesa_Gateway extends WC_Payment_Gateway {
	/** The settings, and the page that waits. */
	public function __construct() {
		$this->id                 = 'mpesa_cli';
		$this->method_title       = 'M-PESA (mpesa-cli)';
		$this->method_description = 'The customer pays on the phone. Events come to ' . rest_url( 'mpesa/v1/events' );
		$this->has_fields         = true;
		$this->init_form_fields();
		$this->init_settings();
		$this->title       = $this->get_option( 'title' );
		$this->description = $this->get_option( 'description' );
		add_action( "woocommerce_update_options_payment_gateways_{$this->id}", array( $this, 'process_admin_options' ) );
		add_action( "woocommerce_thankyou_{$this->id}", array( $this, 'wait' ) );
	}

	/** What the shop pastes (docs/develop/shops.md). Secrets are better kept in wp-config.php. */
	public function init_form_fields() {
		$this->form_fields = array(
			'enabled'        => array( 'title' => 'Enable', 'type' => 'checkbox', 'default' => 'no' ),
			'title'          => array( 'title' => 'Title', 'type' => 'text', 'default' => 'M-PESA' ),
			'description'    => array( 'title' => 'Description', 'type' => 'text', 'default' => 'Your phone will ask for your M-PESA PIN.' ),
			'api'            => array( 'title' => 'Address of mpesa listen --api', 'type' => 'text', 'default' => 'http://127.0.0.1:8310' ),
			'api_token'      => array( 'title' => 'API token', 'type' => 'password' ),
			'webhook_secret' => array( 'title' => 'Webhook secret', 'type' => 'password' ),
			'prefix'         => array( 'title' => 'Prefix of order ids at mpesa (CHECK-WC- in a trial shop)', 'type' => 'text', 'default' => 'WC-' ),
			'check_secret'   => array( 'title' => 'Check secret (leave empty in a live shop)', 'type' => 'password' ),
		);
	}

	/** Shillings only, and once it is set up. */
	public function is_available() {
		return parent::is_available() && 'KES' === get_woocommerce_currency() && '' !== Mpesa_Api::setting( 'api_token' );
	}

	/** The classic checkout's field. */
	public function payment_fields() {
		echo '<p>' . esc_html( $this->description ) . '</p><p class="form-row"><label for="mpesa_phone">M-PESA number</label>'
			. '<input id="mpesa_phone" name="mpesa_phone" type="tel" autocomplete="tel" placeholder="07…" required></p>';
	}

	/** A Kenyan mobile number in any form; mpesa reads it strictly. */
	public function validate_fields() {
		if ( preg_match( '/^(\+?254|0)[17]\d{8}$/', self::phone() ) ) {
			return true;
		}
		wc_add_notice( 'Enter the M-PESA number that pays, such as 0712 345 678.', 'error' );
		return false;
	}

	/** Ask the phone. The order is on hold before the prompt leaves: its payment may be told before this returns. */
	public function process_payment( $order_id ) {
		Mpesa_Orders::unless_paid( $order_id, 'on-hold', 'The M-PESA prompt is about to be sent.' );
		$asked = Mpesa_Api::ask( wc_get_order( $order_id ), self::phone() );
		if ( ! $asked['sent'] ) {
			Mpesa_Orders::unless_paid( $order_id, 'pending', 'No prompt was sent: ' . $asked['words'] );
			wc_add_notice( $asked['words'], 'error' );
			return array( 'result' => 'failure' );
		}
		WC()->cart->empty_cart();
		return array( 'result' => 'success', 'redirect' => $this->get_return_url( wc_get_order( $order_id ) ) );
	}

	/** The thank-you page waits: assets/wait.js asks every three seconds. */
	public function wait( $order_id ) {
		$order = wc_get_order( $order_id );
		$url   = add_query_arg( 'key', $order->get_order_key(), rest_url( "mpesa/v1/orders/$order_id" ) );
		wp_enqueue_script( 'mpesa-cli-wait', plugins_url( 'assets/wait.js', __DIR__ ), array(), '0.2.0', true );
		echo '<section id="mpesa-wait" data-url="' . esc_url( $url ) . '"><p role="status">Look at your phone and enter your M-PESA PIN …</p>'
			. '<button type="button" class="button" hidden>Send the prompt again</button></section>';
	}

	private static function phone() {
		// phpcs:ignore WordPress.Security.NonceVerification -- WooCommerce has checked its own.
		return preg_replace( '/[\s-]/', '', sanitize_text_field( wp_unslash( $_POST['mpesa_phone'] ?? '' ) ) );
	}
}
