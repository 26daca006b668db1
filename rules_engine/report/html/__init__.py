"""A plan as one HTML page that needs nothing but itself: no server, no network, no library."""
