/* The page after the order: asks every three seconds until it is paid, and sends the prompt again where that is safe. */
( function () {
	const wait = document.getElementById( 'mpesa-wait' );
	const words = wait.querySelector( '[role="status"]' );
	const again = wait.querySelector( 'button' );

	async function ask( method ) {
		try {
			const answer = await fetch( wait.dataset.url, { method } );
			if ( answer.ok ) {
				const now = await answer.json();
				words.textContent = now.words;
				again.hidden = ! now.again;
				return now.paid;
			}
		} catch { // no network just now: the next time tells.
		}
		return false;
	}

	async function look() {
		if ( ! ( await ask( 'GET' ) ) ) {
			setTimeout( look, 3000 );
		}
	}

	again.addEventListener( 'click', () => {
		again.hidden = true;
		ask( 'POST' );
	} );
	look();
} )();
