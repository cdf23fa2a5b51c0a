<?php
/**
 * Stand-ins for the functions of WordPress and WooCommerce that the plugin calls, over SQLite: what they are documented
 * to do, and nothing of theirs. GET_LOCK is a lock on a file, which ends with its process as MySQL's ends with its
 * connection. For trying the plugin without a shop; never for a shop.
 */

define( 'ABSPATH', __DIR__ );
foreach ( array( 'MPESA_API', 'MPESA_API_TOKEN', 'MPESA_WEBHOOK_SECRET', 'MPESA_CHECK_SECRET', 'MPESA_PREFIX' ) as $name ) {
	if ( '' !== (string) getenv( $name ) ) {
		define( $name, getenv( $name ) );
	}
}

/** The database, one connection a request. Without locks and transactions where a test wants to see that it notices. */
final class Stand_In {
	public static $db;
	public static $hooks = array();
	public static $routes = array();
	public static $notices = array();
	public static $scripts = array();
	public static $careless;
	public static $passed = array();

	public static function open( $file ) {
		self::$careless = '1' === getenv( 'STAND_IN_CARELESS' );
		self::$db = new PDO( "sqlite:$file", null, null, array( PDO::ATTR_TIMEOUT => 30 ) );
		self::$db->exec( 'PRAGMA journal_mode = WAL' );
		self::$db->exec( 'CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT)' );
		self::$db->exec( 'CREATE TABLE IF NOT EXISTS props (id INTEGER, name TEXT, value TEXT, PRIMARY KEY (id, name))' );
		self::$db->exec( 'CREATE TABLE IF NOT EXISTS notes (id INTEGER, note TEXT)' );
		self::$db->exec( 'CREATE TABLE IF NOT EXISTS completions (id INTEGER, receipt TEXT)' );
	}

	public static function run( $sql, ...$values ) {
		$done = self::$db->prepare( $sql );
		$done->execute( $values );
		return $done;
	}

	/** A point of the way of an order. STAND_IN_HOLD=2:3 stays at the third one of order 2 until it is killed, and says so. */
	public static function pause( $id ) {
		self::$passed[ $id ] = 1 + ( self::$passed[ $id ] ?? 0 );
		if ( $id . ':' . self::$passed[ $id ] === getenv( 'STAND_IN_HOLD' ) ) {
			touch( getenv( 'STAND_IN_FOLDER' ) . '/held' );
			sleep( 600 );
		}
		usleep( random_int( 0, 1000 * (int) getenv( 'STAND_IN_PAUSE_MS' ) ) );
	}
}

final class Wpdb_Stand_In {
	public $prefix = 'wp_';
	private $held = array();

	public function prepare( $sql, ...$values ) { return vsprintf( str_replace( '%s', "'%s'", $sql ), $values ); }

	public function get_var( $sql ) {
		preg_match( "/^SELECT (GET_LOCK|RELEASE_LOCK)\\('([^']+)'/", $sql, $asked );
		if ( 'GET_LOCK' === $asked[1] ) {
			$this->held[ $asked[2] ] = fopen( getenv( 'STAND_IN_FOLDER' ) . "/lock-$asked[2]", 'c' );
			return Stand_In::$careless || flock( $this->held[ $asked[2] ], LOCK_EX ) ? '1' : '0';
		}
		Stand_In::pause( (int) preg_replace( '/\D/', '', $asked[2] ) ); // committed, and not answered yet
		fclose( $this->held[ $asked[2] ] );
		return '1';
	}
}
$GLOBALS['wpdb'] = new Wpdb_Stand_In();

function wc_transaction_query( $what ) {
	if ( ! Stand_In::$careless ) {
		Stand_In::$db->exec( array( 'start' => 'BEGIN IMMEDIATE', 'commit' => 'COMMIT', 'rollback' => 'ROLLBACK' )[ $what ] );
	}
}

class WC_Order {
	private $id, $props = array(), $changed = array();

	public function __construct( $id ) {
		$this->id = (int) $id;
		foreach ( Stand_In::run( 'SELECT name, value FROM props WHERE id = ?', $id ) as $row ) {
			$this->props[ $row['name'] ] = json_decode( $row['value'], true );
		}
	}

	private function put( $name, $value ) { $this->props[ $name ] = $this->changed[ $name ] = $value; }

	public function save() {
		foreach ( $this->changed as $name => $value ) { // WooCommerce writes what changed, one statement after the other.
			Stand_In::run( 'INSERT OR REPLACE INTO props VALUES (?, ?, ?)', $this->id, $name, json_encode( $value ) );
			Stand_In::pause( $this->id );
		}
		$this->changed = array();
		return $this->id;
	}

	public function get_id() { return $this->id; }
	public function get_total() { return $this->props['total'] ?? 0; }
	public function get_order_key() { return $this->props['order_key'] ?? ''; }
	public function get_payment_method() { return $this->props['payment_method'] ?? ''; }
	public function get_transaction_id() { return $this->props['transaction_id'] ?? ''; }
	public function get_date_paid() { return $this->props['date_paid'] ?? null; }
	public function get_status() { return $this->props['status'] ?? 'pending'; }
	public function has_status( $any ) { return in_array( $this->get_status(), (array) $any, true ); }
	public function get_meta( $name ) { return $this->props[ "meta:$name" ] ?? ''; }
	public function update_meta_data( $name, $value ) { $this->put( "meta:$name", $value ); }
	public function set_payment_method( $value ) { $this->put( 'payment_method', $value ); }
	public function set_total( $value ) { $this->put( 'total', $value ); }
	public function set_order_key( $value ) { $this->put( 'order_key', $value ); }
	public function add_order_note( $note ) { Stand_In::run( 'INSERT INTO notes VALUES (?, ?)', $this->id, $note ); }

	public function update_status( $status, $note = '' ) {
		if ( $this->get_status() !== $status ) {
			$this->put( 'status', $status );
			$this->add_order_note( "$note [$status]" );
		}
		$this->save();
		return true;
	}

	/** As WooCommerce's: only from some statuses; the hook runs once it is saved. */
	public function payment_complete( $receipt = '' ) {
		Stand_In::pause( $this->id );
		if ( ! $this->has_status( array( 'on-hold', 'pending', 'failed', 'cancelled' ) ) ) {
			return true;
		}
		Stand_In::run( 'INSERT INTO completions VALUES (?, ?)', $this->id, $receipt );
		$this->put( 'transaction_id', $receipt );
		$this->put( 'date_paid', time() );
		$this->put( 'status', 'processing' );
		$this->save();
		do_action( 'woocommerce_payment_complete', $this->id, $receipt );
		return true;
	}
}

function wc_create_order( $arguments = array() ) {
	Stand_In::run( 'INSERT INTO orders DEFAULT VALUES' );
	$order = new WC_Order( Stand_In::$db->lastInsertId() );
	$order->set_order_key( 'wc_order_' . bin2hex( random_bytes( 6 ) ) );
	$order->save();
	return $order;
}

function wc_get_order( $id ) {
	return Stand_In::run( 'SELECT 1 FROM orders WHERE id = ?', $id )->fetch() ? new WC_Order( $id ) : false;
}

function wc_get_orders( $wanted ) {
	$sql = 'SELECT id FROM props WHERE name = ? AND value = ? LIMIT 1';
	return Stand_In::run( $sql, "meta:{$wanted['meta_key']}", json_encode( $wanted['meta_value'] ) )->fetchAll( PDO::FETCH_COLUMN );
}

class WC_Payment_Gateway {
	public $id, $title, $description, $method_title, $method_description, $has_fields, $form_fields, $settings = array();

	public function init_settings() { $this->settings = array_map( fn( $field ) => $field['default'] ?? '', $this->form_fields ); }
	public function get_option( $name ) { return $this->settings[ $name ] ?? ''; }
	public function is_available() { return true; }
	public function get_return_url( $order ) { return "/order-received/{$order->get_id()}?key={$order->get_order_key()}"; }
}

class WP_REST_Response {
	public function __construct( public $data, public $status = 200 ) {}
}

class WP_REST_Request implements ArrayAccess {
	public function __construct( private $params ) {}
	public function get_body() { return file_get_contents( 'php://input' ); }
	public function get_header( $name ) { return $_SERVER[ 'HTTP_' . strtoupper( strtr( $name, '-', '_' ) ) ] ?? null; }
	public function get_param( $name ) { return $this->params[ $name ] ?? null; }
	public function offsetGet( $name ): mixed { return $this->get_param( $name ); }
	public function offsetExists( $name ): bool { return isset( $this->params[ $name ] ); }
	public function offsetSet( $name, $value ): void {}
	public function offsetUnset( $name ): void {}
}

final class Cart_Stand_In {
	public $cart;
	public function empty_cart() { $this->cart = null; }
}

final class Logger_Stand_In {
	public function error( $words ) { error_log( $words ); }
}

function WC() { static $shop; $shop ??= new Cart_Stand_In(); $shop->cart = $shop; return $shop; }
function add_action( $name, $do ) { Stand_In::$hooks[ $name ][] = $do; }
function add_filter( $name, $do ) { Stand_In::$hooks[ $name ][] = $do; }
function do_action( $name, ...$with ) { foreach ( Stand_In::$hooks[ $name ] ?? array() as $do ) { $do( ...$with ); } }
function apply_filters( $name, $value ) { foreach ( Stand_In::$hooks[ $name ] ?? array() as $do ) { $value = $do( $value ); } return $value; }
function register_rest_route( $space, $path, $methods ) { Stand_In::$routes[ "/wp-json/$space$path" ] = $methods; }
function rest_url( $path ) { return "http://{$_SERVER['HTTP_HOST']}/wp-json/$path"; }
function add_query_arg( $name, $value, $url ) { return "$url?$name=" . rawurlencode( $value ); }
function plugins_url( $path ) { return "/plugin/$path"; }
function wp_enqueue_script( $name, $url ) { Stand_In::$scripts[ $name ] = $url; }
function wp_register_script( $name, $url ) { Stand_In::$scripts[ $name ] = $url; }
function wc_add_notice( $words, $kind ) { Stand_In::$notices[] = array( $kind, $words ); }
function wc_get_logger() { return new Logger_Stand_In(); }
function get_woocommerce_currency() { return 'KES'; }
function get_option( $name, $default = false ) { return $default; }
function clean_post_cache( $id ) {}
function wp_json_encode( $value ) { return json_encode( $value ); }
function sanitize_text_field( $text ) { return trim( strip_tags( $text ) ); }
function wp_unslash( $text ) { return $text; }
function esc_html( $text ) { return htmlspecialchars( $text ); }
function esc_url( $text ) { return htmlspecialchars( $text ); }
function __return_true() { return true; }
function is_wp_error( $answer ) { return null === $answer; }
function wp_remote_retrieve_body( $answer ) { return $answer[1]; }
function wp_remote_retrieve_response_code( $answer ) { return $answer[0]; }

function wp_remote_request( $url, $how ) {
	$headers = array_map( fn( $name, $value ) => "$name: $value", array_keys( $how['headers'] ), $how['headers'] );
	$stream  = stream_context_create( array( 'http' => array(
		'method' => $how['method'], 'header' => $headers, 'content' => (string) $how['body'], 'timeout' => $how['timeout'],
		'ignore_errors' => true, 'protocol_version' => 1.1,
	) ) );
	$body = @file_get_contents( $url, false, $stream );
	return false === $body ? null : array( (int) explode( ' ', $http_response_header[0] )[1], $body );
}
