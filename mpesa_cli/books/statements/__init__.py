"""Statement files: M-PESA's own record of a shortcode, as the organisation portal writes it."""
