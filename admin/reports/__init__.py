"""Reports: sales of a period by day and by pay method, with a chart and its table."""
