"""Ways out to the phones: each channel hands parts over and reports what came back."""
