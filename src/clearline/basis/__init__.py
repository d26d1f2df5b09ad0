"""What everything else is stated in: ids, instants, quantities, faults."""
