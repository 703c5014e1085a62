"""What happened, counted: journal filling, delivery, reach and cost."""
