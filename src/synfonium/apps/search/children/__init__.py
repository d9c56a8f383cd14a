"""What runs in a sandboxed child: parsing pages that strangers wrote. Imports stay few."""
