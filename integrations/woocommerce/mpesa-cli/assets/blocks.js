/* The phone field of the Blocks checkout. */
( function ( { registerPaymentMethod }, { getSetting }, { createElement: el, useEffect, useState } ) {
	const settings = getSetting( 'mpesa_cli_data', {} );
	const title = settings.title || 'M-PESA';

	function Phone( { eventRegistration, emitResponse } ) {
		const [ phone, setPhone ] = useState( '' );
		useEffect(
			() =>
				eventRegistration.onPaymentSetup( () =>
					/^(\+?254|0)[17]\d{8}$/.test( phone.replace( /[\s-]/g, '' ) )
						? { type: emitResponse.responseTypes.SUCCESS, meta: { paymentMethodData: { mpesa_phone: phone } } }
						: { type: emitResponse.responseTypes.ERROR, message: 'Enter the M-PESA number that pays, such as 0712 345 678.' }
				),
			[ phone, eventRegistration, emitResponse ]
		);
		return el(
			'div',
			{},
			el( 'p', {}, settings.description ),
			el( 'label', { htmlFor: 'mpesa-phone' }, 'M-PESA number' ),
			el( 'input', {
				id: 'mpesa-phone', type: 'tel', autoComplete: 'tel', required: true, value: phone,
				onChange: ( event ) => setPhone( event.target.value ),
			} )
		);
	}

	registerPaymentMethod( {
		name: 'mpesa_cli',
		label: title,
		ariaLabel: title,
		content: el( Phone ),
		edit: el( 'p', {}, settings.description ),
		canMakePayment: () => true,
		supports: { features: [ 'products' ] },
	} );
} )( window.wc.wcBlocksRegistry, window.wc.wcSettings, window.wp.element );
